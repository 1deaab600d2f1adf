"""Learning curves: one panel a task, one line a network."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from rlgen.analysis.stats.intervals import run_mean
from rlgen.papers import Section
from rlgen.report.figures.base import bars, style, to_svg
from rlgen_protocols.graphs.panels import COLOURS, numbered
from rlgen_protocols.xu2020.evidence import over_seeds

#: Panels of a line.
COLUMNS = 2
MARKERS = "osD^vPX*"


def section(rows: pd.DataFrame, name: str, title: str, reading: str) -> Section:
    """Curves of several tasks, with their areas and n90 in the table.

    Args:
        rows: Of ``evidence.curves``.
        name: Of the section.
        title: Its heading.
        reading: How to read it.
    """
    data = table(rows)
    order = list(dict.fromkeys(rows["model"]))
    tasks = list(dict.fromkeys(rows["task"]))
    lines = -(-len(tasks) // COLUMNS)
    with style(f"xu-{name}"):
        canvas, grid = plt.subplots(
            lines,
            min(COLUMNS, len(tasks)),
            figsize=(7.5 if len(tasks) > 1 else 5.0, 0.7 + 2.7 * lines),
            squeeze=False,
            layout="constrained",
        )
        for axis, task in zip(grid.flat, tasks, strict=False):
            panel(axis, data[data["task"] == task], order)
            axis.set(title=task, xlabel="examples", ylabel="test accuracy")
        for axis in grid.flat[len(tasks) :]:
            axis.set_visible(False)
        handles = {
            label: handle
            for axis in grid.flat
            for handle, label in zip(*axis.get_legend_handles_labels(), strict=True)
        }
        canvas.legend(handles.values(), handles, loc="outside upper left", ncols=4)
        svg = to_svg(canvas, f"xu-{name}", title)
        plt.close(canvas)
    note = (
        "The table has the mean area under the isotonic curve over log n, and n90, the number of "
        "examples at which the isotonic mean curve reaches 90 %."
    )
    return Section(name, title, reading, svg, data=data, note=note, of_agents=False)


def table(rows: pd.DataFrame) -> pd.DataFrame:
    """Means over seeds, one row a task, network and number of examples."""
    out = []
    for (task, model), own in rows.groupby(["task", "model"], sort=False):
        area = over_seeds(own, lambda one: float(one["area"].iloc[0]))
        n90 = float(np.median(own["n90"]))
        accuracies = np.array(own["accuracy"].tolist())
        for n, values in zip(own["n"].iloc[0], accuracies.T, strict=True):
            out.append(
                {
                    "task": task,
                    "network": model,
                    "n": n,
                    **run_mean(values).shown,
                    "seeds": len(own),
                    "area": area.mean,
                    "area low": area.low,
                    "area high": area.high,
                    "n90, median": n90 if np.isfinite(n90) else np.nan,
                }
            )
    return pd.DataFrame(out)


def panel(axis: Axes, rows: pd.DataFrame, order: Sequence[str]) -> None:
    """One task: lines of networks, in the colours of their place in the order."""
    for model, own in rows.groupby("network", sort=False):
        place = order.index(str(model))
        axis.errorbar(
            own["n"],
            own["mean"],
            yerr=bars(own),
            color=COLOURS[place % len(COLOURS)],
            marker=MARKERS[place % len(MARKERS)],
            markersize=4,
            capsize=2,
            linewidth=1.3,
            label=str(model),
        )
    numbered(axis, sorted(rows["n"].unique()))
    axis.set_ylim(0, 1.02)
