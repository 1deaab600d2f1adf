"""Attention drawn on mazes."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from rlgen.analysis.results import Results
from rlgen.papers import Section
from rlgen_protocols.graphs.estimates import rows
from rlgen_protocols.graphs.panels import panels
from rlgen_protocols.knyazev2019.evidence import counted
from rlgen_protocols.knyazev2019.modes import SUPERVISED, UNSUPERVISED

TASKS = {"maze-colors": "red diamonds", "maze-loops": "open squares"}
SHOWN = (UNSUPERVISED, SUPERVISED)


def drawn(results: Results) -> Section | None:
    """True and learnt attention on one maze of each task; None if nothing has been run."""
    pictures = [picture for task in TASKS for picture in _pictures(counted(results, task), task)]
    if not pictures:
        return None
    titles = [title for title, _, _ in pictures]
    with panels(
        "knyazev2019-pictures", "Attention on mazes", titles, width=2.1, height=2.5
    ) as figure:
        for (_, example, weights), axis in zip(pictures, figure.axes, strict=True):
            _paint(axis, np.array(example["cells"]), np.array(example[weights]))
    return Section(
        "pictures",
        "Attention on mazes",
        "A larger maze of each task, the first of the first seed: walls are grey, and the darker a "
        "cell the more attention it has, over the most of the maze.",
        figure.svg,
        data=pd.DataFrame(
            [
                {"picture": title.replace("\n", ", "), "row": row, "column": column, "attention": a}
                for title, example, weights in pictures
                for (row, column), a in zip(example["cells"], example[weights], strict=True)
            ]
        ),
        of_agents=False,
    )


def _pictures(table: pd.DataFrame, task: str) -> list[tuple[str, dict[str, Any], str]]:
    """Title, example and the key of what is drawn of it."""
    own = table[table["seed"] == table["seed"].min()]
    firsts: list[tuple[str, dict[str, Any]]] = []
    for mode in SHOWN:
        for examples in rows(own, mode=mode)["examples"]:
            firsts += [(mode, example) for example in examples[:1]]
    pictures = [(f"{TASKS[task]}\n{mode}", example, "attention") for mode, example in firsts]
    if firsts:
        pictures.insert(0, (f"{TASKS[task]}\ntrue", firsts[0][1], "truth"))
    return pictures


def _paint(axis: Axes, cells: NDArray[np.int64], weights: NDArray[np.float64]) -> None:
    board = np.full(cells.max(axis=0) + 2, np.nan)
    board[cells[:, 0], cells[:, 1]] = weights / max(weights.max(), 1e-9)
    axis.set_facecolor("#9a9a9a")
    axis.imshow(board, cmap="Oranges", vmin=0, vmax=1)
    axis.set_xticks([])
    axis.set_yticks([])
    axis.grid(visible=False)
