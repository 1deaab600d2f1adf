"""A kernel as a picture, its graphs ordered by class."""

import numpy as np
import pandas as pd

from rlgen.analysis.results import Results
from rlgen.papers import Section
from rlgen.report.figures.base import INK
from rlgen_protocols.du2019.figures.learning import NAMES
from rlgen_protocols.graphs.panels import panels

#: Classes in their order.
CLASSES = ("empty room", "obstacles", "corridors")


def families(results: Results) -> Section | None:
    """The kernel between levels of three families."""
    rows = results.measured("classes")
    rows = rows[(rows["dataset"] == "families") & (rows["seed"] == rows["seed"].min())]
    rows = rows.drop_duplicates("method")
    if rows.empty:
        return None
    titles = [NAMES[method] for method in rows["method"]]
    with panels("du2019-kernel", "The kernel between mazes", titles, width=3.6) as picture:
        pairs = zip(picture.axes, rows["gram"], rows["pictured"], strict=True)
        for axis, gram, sizes in pairs:
            image = axis.imshow(np.array(gram), cmap="viridis", interpolation="nearest")
            ends = np.cumsum(sizes)
            for end in ends[:-1]:
                axis.axhline(end - 0.5, color=INK, linewidth=0.8)
                axis.axvline(end - 0.5, color=INK, linewidth=0.8)
            axis.set_xticks(ends - np.array(sizes) / 2 - 0.5, CLASSES, rotation=30, ha="right")
            axis.set_yticks([])
            axis.grid(visible=False)
            axis.figure.colorbar(image, ax=axis, shrink=0.8)
    data = pd.DataFrame(
        {
            "method": row["method"],
            "accuracy": row["nested"],
            **{
                f"{one} with {other}": _mean(row["gram"], row["pictured"], i, j)
                for i, one in enumerate(CLASSES)
                for j, other in enumerate(CLASSES)
                if i <= j
            },
        }
        for row in rows.to_dict("records")
    )
    return Section(
        "kernel",
        "The kernel between mazes of three families",
        "Each kernel between levels of three families, scaled so that a level has 1 with itself, "
        "the levels ordered by family. The table has the means of the fields, and the accuracy in "
        "percent with which a support vector machine says the family.",
        picture.svg,
        data=data,
        of_agents=False,
    )


def _mean(gram: list[list[float]], sizes: list[int], i: int, j: int) -> float:
    ends = np.concatenate([[0], np.cumsum(sizes)])
    return float(np.array(gram)[ends[i] : ends[i + 1], ends[j] : ends[j + 1]].mean())
