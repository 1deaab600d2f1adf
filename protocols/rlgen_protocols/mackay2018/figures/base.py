"""What the figures share: panels beside each other, colours and names of models."""

from collections.abc import Sequence
from contextlib import AbstractContextManager

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator

from rlgen.report.figures.panels import Panels
from rlgen.report.figures.panels import panels as in_style
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


def panels(
    name: str, title: str, titles: Sequence[str], width: float = 3.6
) -> AbstractContextManager[Panels]:
    """Panels beside each other, each of this width in inches; see ``report.figures``."""
    return in_style(f"mackay2018-{name}", title, titles, (width * len(titles), 3.4))


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
