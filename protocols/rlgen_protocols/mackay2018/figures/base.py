"""What the figures share: panels beside each other, colours and names of models."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator

from rlgen.report.figures.base import style, to_svg
from rlgen_protocols.mackay2018.estimates import allowed_bits, mean

#: By allowed bits, from none to any number.
_BY_BITS = {
    0.0: "#c0504d",
    1.0: "#9a7d0a",
    2.0: "#4aa5b8",
    3.0: "#e07b39",
    5.0: "#b05fa8",
    10.0: "#7c6fd0",
}
_USUAL = {"gru": "#3b82c4", "feed-forward": "#7f8c4d"}


def colour(model: str) -> str:
    """A model's, the same in all figures."""
    return _USUAL.get(model) or _BY_BITS.get(allowed_bits(model), "#8a6d5b")


def ordered(models: Sequence[str]) -> list[str]:
    """Usual models first, then by allowed bits."""
    return sorted(set(models), key=lambda m: (m not in _USUAL, allowed_bits(m), m))


def named(model: str) -> str:
    """For legends."""
    bits = allowed_bits(model)
    if model in _USUAL:
        return {"gru": "GRU"}.get(model, model)
    if not bits:
        return "never forgets"
    kind = {"revgru": "RevGRU", "revlstm": "RevLSTM"}[model.partition(":")[0]]
    return f"{kind}, no limit" if bits == 10 else f"{kind}, {bits:g} bit{'s' * (bits != 1)}"


@dataclass
class Panels:
    """Panels of one figure; ``svg`` is set when its context ends.

    Attributes:
        axes: One a panel.
        svg: The picture.
    """

    axes: list[Axes]
    svg: str = field(default="")


@contextmanager
def panels(name: str, title: str, titles: Sequence[str], width: float = 3.6) -> Iterator[Panels]:
    """Panels beside each other in our style, with one legend above.

    Args:
        name: Of the section.
        title: For screen readers.
        titles: Of the panels.
        width: Of a panel, inches.
    """
    name = f"mackay2018-{name}"
    with style(name):
        canvas, axes = plt.subplots(
            1,
            len(titles),
            figsize=(width * len(titles), 3.4),
            squeeze=False,
            layout="constrained",
        )
        drawn = Panels(list(axes.flat))
        for axis, text in zip(drawn.axes, titles, strict=True):
            axis.set_title(text)
        yield drawn
        legend: dict[str, Any] = {}
        for axis in drawn.axes:
            for handle, label in zip(*axis.get_legend_handles_labels(), strict=True):
                legend.setdefault(label, handle)
        if legend:
            canvas.legend(
                legend.values(), legend.keys(), loc="outside upper left", ncols=min(4, len(legend))
            )
        drawn.svg = to_svg(canvas, name, title)
        plt.close(canvas)


def steps_axis(axis: Axes, at: Sequence[int]) -> None:
    """A logarithmic axis of lengths, with a mark at each."""
    axis.set_xscale("log")
    axis.set_xticks(list(at), [f"{t:,}" for t in at])
    axis.xaxis.set_minor_locator(NullLocator())


def powers(axis: Axes) -> None:
    """A logarithmic upright axis whose numbers are plain text."""
    axis.set_yscale("log")
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.yaxis.set_minor_formatter(NullFormatter())


def interval(values: pd.Series) -> tuple[float, float, float]:
    """Mean and the lengths of a 95 % interval over seeds below and above; zero of one seed."""
    estimate = mean(values.dropna())
    half = estimate.high - estimate.mean
    half = 0.0 if np.isnan(half) else half
    return estimate.mean, half, half
