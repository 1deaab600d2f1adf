"""What figures of these papers share: panels beside each other, means with intervals."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator

from rlgen.report.figures.panels import Panels
from rlgen.report.figures.panels import panels as in_style
from rlgen_protocols.graphs.estimates import mean

#: Distinct on dark and on light pages.
COLOURS = (
    *("#3b82c4", "#e07b39", "#2e9d6f", "#b05fa8", "#9a7d0a"),
    *("#4aa5b8", "#c0504d", "#7c6fd0", "#7f8c4d"),
)


def panels(
    name: str, title: str, titles: Sequence[str], *, width: float = 3.4, height: float = 3.2
) -> AbstractContextManager[Panels]:
    """Panels beside each other, each of this width and height in inches; see ``report.figures``."""
    return in_style(name, title, titles, (width * len(titles), height))


def interval(values: pd.Series) -> dict[str, float]:
    """Mean over seeds with its 95 % interval: ``mean``, ``low``, ``high``, ``seeds``."""
    own = values.dropna()
    return {**mean(own).shown, "seeds": len(own)}


def points(axis: Axes, at: Sequence[float], means: Sequence[dict[str, float]], **look: Any) -> None:
    """Means with their intervals, where there are any.

    Args:
        axis: To draw on.
        at: Places along the axis.
        means: Of ``interval``.
        **look: Of ``errorbar``.
    """
    table = pd.DataFrame(means)
    below = (table["mean"] - table["low"]).fillna(0)
    above = (table["high"] - table["mean"]).fillna(0)
    default = {"fmt": "o", "capsize": 3, "markersize": 5}
    axis.errorbar(list(at), table["mean"], yerr=[below, above], **{**default, **look})


def named_places(axis: Axes, names: Sequence[str]) -> None:
    """A horizontal axis of names, written at a slant."""
    axis.set_xticks(range(len(names)), list(names), rotation=30, ha="right")
    axis.set_xlim(-0.6, len(names) - 0.4)


def powers(axis: Axes) -> None:
    """A logarithmic upright axis whose numbers are plain text."""
    axis.set_yscale("log")
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.yaxis.set_minor_formatter(NullFormatter())


def numbered(axis: Axes, values: Sequence[float]) -> None:
    """A logarithmic horizontal axis that names these values alone."""
    axis.set_xscale("log")
    axis.set_xticks(np.array(values), [f"{value:,g}" for value in values])
    axis.xaxis.set_minor_locator(NullLocator())
