"""What figures of these papers share: panels beside each other, means with intervals."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator

from rlgen.report.figures.base import style, to_svg
from rlgen_protocols.graphs.estimates import mean

#: Distinct on dark and on light pages.
COLOURS = (
    *("#3b82c4", "#e07b39", "#2e9d6f", "#b05fa8", "#9a7d0a"),
    *("#4aa5b8", "#c0504d", "#7c6fd0", "#7f8c4d"),
)


@dataclass
class Panels:
    """Panels of one figure.

    Attributes:
        axes: One a panel.
        svg: The picture, once the context has ended.
    """

    axes: list[Axes]
    svg: str = ""


@contextmanager
def panels(
    name: str, title: str, titles: Sequence[str], *, width: float = 3.4, height: float = 3.2
) -> Iterator[Panels]:
    """Panels beside each other in the style of the page, with one legend above.

    Args:
        name: Of the paper and the section: prefix of ids.
        title: For screen readers.
        titles: Of the panels.
        width: Of a panel, inches.
        height: Likewise.
    """
    with style(name):
        canvas, axes = plt.subplots(
            1,
            len(titles),
            figsize=(width * len(titles), height),
            squeeze=False,
            layout="constrained",
        )
        picture = Panels(list(axes.flat))
        for axis, text in zip(picture.axes, titles, strict=True):
            axis.set_title(text)
        yield picture
        legend: dict[str, Any] = {}
        for axis in picture.axes:
            for handle, label in zip(*axis.get_legend_handles_labels(), strict=True):
                legend.setdefault(label, handle)
        if legend:
            canvas.legend(
                legend.values(), legend.keys(), loc="outside upper left", ncols=min(4, len(legend))
            )
        picture.svg = to_svg(canvas, name, title)
        plt.close(canvas)


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
