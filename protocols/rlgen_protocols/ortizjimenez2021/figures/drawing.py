"""Lines of means over seeds, and panels."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator

from rlgen.analysis.stats.intervals import run_mean
from rlgen.report.figures.base import bars, style, to_svg

#: Colours of the models, distinct on dark and on light.
COLOURS = {"net": "#3b82c4", "linear": "#e07b39", "after": "#4f9d69"}
WORDS = {"net": "network", "linear": "linear model", "after": "linear model of the end's kernel"}


def means(rows: pd.DataFrame, by: Sequence[str], values: Mapping[str, str]) -> pd.DataFrame:
    """Means over seeds with 95 % intervals, one row for each group and value.

    Args:
        rows: Of cells.
        by: Columns that say what is grouped.
        values: Columns, by the name that the table's column "what" has for them.
    """
    table = []
    for key, own in rows.groupby(list(by), sort=True):
        for what, column in values.items():
            mean = run_mean(own[column].to_numpy(float))
            group = dict(zip(by, key, strict=True))
            table.append({**group, "what": what, "seeds": len(own), **mean.shown})
    return pd.DataFrame(table)


def line(axis: Axes, rows: pd.DataFrame, x: str, **look: Any) -> None:
    """Means with intervals along a column."""
    whiskers = {"capsize": 2, "markersize": 4, "marker": "o"}
    axis.errorbar(rows[x], rows["mean"], yerr=bars(rows), **{**whiskers, **look})


def panels(
    name: str,
    lines: Sequence[Any],
    columns: Sequence[Any],
    draw: Callable[[Axes, Any, Any], None],
    *,
    title: str,
    size: tuple[float, float] = (3.0, 2.3),
    **axes: Any,
) -> str:
    """A grid of panels, as SVG, with the legend of the first above.

    Args:
        name: Prefix of ids.
        lines: What the rows are of.
        columns: What the columns are of.
        draw: Draws one panel.
        title: For screen readers.
        size: Of a panel, inches.
        **axes: Of ``plt.subplots``.
    """
    with style(name):
        canvas, grid = plt.subplots(
            len(lines),
            len(columns),
            figsize=(max(5.5, size[0] * len(columns)), 0.5 + size[1] * len(lines)),
            squeeze=False,
            layout="constrained",
            **axes,
        )
        for row, one in zip(grid, lines, strict=True):
            for axis, other in zip(row, columns, strict=True):
                draw(axis, one, other)
        handles, labels = grid[0, 0].get_legend_handles_labels()
        if labels:
            canvas.legend(handles, labels, loc="outside upper left", ncols=min(4, len(labels)))
        svg = to_svg(canvas, name, title)
        plt.close(canvas)
    return svg


def logarithmic(axis: Axes) -> None:
    """A logarithmic vertical axis with plain numbers: formulas are not drawn in our style."""
    axis.set_yscale("log")
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.yaxis.set_minor_formatter(NullFormatter())


def near(axis: Axes, values: Sequence[float] | pd.Series, low: float, high: float) -> None:
    """Set vertical limits by the means: intervals of few seeds may reach beyond them."""
    least, most = np.nanmin(values), np.nanmax(values)
    space = 0.25 * (most - least) + 0.05
    axis.set_ylim(max(low, least - space), min(high, most + space))


def ticks(axis: Axes, values: Sequence[float]) -> None:
    """A logarithmic axis that names these values alone."""
    axis.set_xscale("log")
    axis.set_xticks(np.array(values), [f"{value:g}" for value in values], fontsize=8)
    axis.xaxis.set_minor_locator(NullLocator())
