"""Which distances graph networks of some rounds count rightly, and how frequent these are."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rlgen.papers import Section
from rlgen.report.figures.base import FAINT, style, to_svg
from rlgen_protocols.graphs.panels import COLOURS
from rlgen_protocols.xu2020.figures.learning import MARKERS

#: Distances met by fewer test levels, over all seeds, are not drawn.
LEAST = 10


def section(rows: pd.DataFrame) -> Section:
    """Accuracy of the steps to the key by these steps, of networks trained on most levels.

    Args:
        rows: Of ``evidence.maze_fits``, graph networks alone.
    """
    rows = rows[rows["n"] == rows["n"].max()]
    counts = np.sum(rows.drop_duplicates("seed")["distances"].tolist(), axis=0)
    data = _table(rows, counts)
    with style("xu-distance"):
        canvas, axis = plt.subplots(figsize=(6.5, 3.4), layout="constrained")
        levels = axis.twinx()
        steps = np.flatnonzero(counts)
        levels.bar(steps, counts[steps] / counts.sum(), color=FAINT, zorder=0)
        levels.set(ylabel="share of levels (bars)", ylim=(0, 3 * counts.max() / counts.sum()))
        levels.grid(visible=False)
        axis.set_zorder(levels.get_zorder() + 1)
        for place, (model, own) in enumerate(data.groupby("network", sort=False)):
            axis.plot(
                own["steps"],
                own["accuracy"],
                label=str(model),
                color=COLOURS[place],
                marker=MARKERS[place],
                markersize=4,
            )
        axis.set(xlabel="steps from agent to key", ylabel="test accuracy", ylim=(0, 1.02))
        canvas.legend(loc="outside upper left", ncols=4)
        svg = to_svg(canvas, "xu-distance", "Accuracy by distance")
        plt.close(canvas)
    return Section(
        "distance",
        "Mazes: which distances are counted rightly, by rounds",
        "A cell knows of what is at most K moves away after K rounds, so that from the agent and "
        "from the key together at most 2K steps can be counted. Bars are the distribution of "
        f"distances in held-out levels; distances that fewer than {LEAST} of them have, over all "
        "seeds, are left out.",
        svg,
        data=data,
        of_agents=False,
    )


def _table(rows: pd.DataFrame, counts: NDArray[np.int64]) -> pd.DataFrame:
    out = []
    for model, own in rows.groupby("model", sort=False):
        shares = np.array([[np.nan if v is None else v for v in one] for one in own["by_distance"]])
        for steps in np.flatnonzero(counts >= LEAST):
            values = shares[:, steps]
            if not np.isnan(values).all():
                mean = float(np.nanmean(values))
                out.append({"network": model, "steps": int(steps), "accuracy": mean})
    return pd.DataFrame(out, columns=["network", "steps", "accuracy"])
