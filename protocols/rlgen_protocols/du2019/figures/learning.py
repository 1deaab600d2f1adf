"""Error by number of training graphs, one line a method."""

from collections.abc import Sequence

import pandas as pd

from rlgen.analysis.results import Results
from rlgen.papers import Section
from rlgen.report.figures.base import INK
from rlgen_protocols.du2019.estimates import curves
from rlgen_protocols.graphs.panels import COLOURS, interval, numbered, panels, points, powers

NAMES = {
    "gntk-uniform": "GNTK",
    "gntk-norm": "GNTK, summed features of length 1",
    "gntk-degree": "GNTK, over the degree",
    "wl": "WL subtree kernel",
    "gin": "GIN, trained",
}
TITLES = {
    "theorem": "smooth function",
    "dead-ends": "dead ends, degrees shown",
    "junctions": "junctions, degrees shown",
    "dead-ends-unseen": "dead ends, no degrees shown",
    "steps": "steps to the key",
}


def theorem(results: Results) -> Section | None:
    """Functions of the theorem's form."""
    rows = curves(results)
    return _section(
        rows[rows["task"] == "theorem"],
        "theorem",
        "Smooth functions of random graphs",
        "Test error as a share of the variance of the targets, by the number of training graphs, "
        "with 95 % intervals over seeds, each with a function and graphs of its own; the mean of "
        "the training targets has about 1. The function is that of the paper's theorem. Where "
        "summed features are scaled to length 1, as in the theorem, the function is of the "
        "kernel's own kind.",
    )


def mazes(results: Results) -> Section | None:
    """Numbers of mazes."""
    rows = curves(results)
    return _section(
        rows[rows["task"] != "theorem"],
        "mazes",
        "What is learnt of mazes",
        "The same for numbers of mazes. Dead ends and junctions are counted from the degree as a "
        "tag, as the authors do where nodes have no labels, or from what players see: a 1 at "
        "every free cell and the objects. From the latter the kernel cannot count dead ends well: "
        "networks without biases make multiples of what they are given of it.",
    )


def means(rows: pd.DataFrame) -> list[dict[str, float]]:
    """Means with their intervals, for ``points``."""
    keys = ("mean", "low", "high")
    return [dict(zip(keys, row, strict=True)) for row in rows[list(keys)].to_numpy(float).tolist()]


def _section(rows: pd.DataFrame, name: str, title: str, reading: str) -> Section | None:
    if rows.empty:
        return None
    long = rows.explode(["sizes", "nmse"]).astype({"sizes": int, "nmse": float})
    by = ["task", "method", "sizes"]
    table = [
        {**dict(zip(by, key, strict=True)), **interval(own["nmse"])}
        for key, own in long.groupby(by, sort=False)
    ]
    data = pd.DataFrame(table)
    tasks = list(dict.fromkeys(data["task"]))
    methods: Sequence[str] = [m for m in NAMES if m in set(data["method"])]
    with panels(f"du2019-{name}", title, [TITLES[task] for task in tasks], width=3.3) as picture:
        for axis, task in zip(picture.axes, tasks, strict=True):
            axis.axhline(1, color=INK, linewidth=0.8, linestyle=":")
            for method in methods:
                own = data[(data["task"] == task) & (data["method"] == method)]
                if own.empty:
                    continue
                look = {"color": COLOURS[list(NAMES).index(method)], "label": NAMES[method]}
                points(axis, list(own["sizes"]), means(own), fmt="o-", **look)
            numbered(axis, sorted(set(data["sizes"])))
            powers(axis)
            axis.set_ylim(max(1e-7, 0.5 * float(data["mean"].min())), 3)
            axis.set_xlabel("training graphs")
        picture.axes[0].set_ylabel("test error / variance")
    note = (
        "Errors below 1e-7 are not drawn; the table has them." if data["mean"].min() < 1e-7 else ""
    )
    return Section(name, title, reading, picture.svg, data=data, note=note, of_agents=False)
