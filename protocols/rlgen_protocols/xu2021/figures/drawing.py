"""What the figures share: panels, and bars of errors on a logarithmic axis."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from importlib.resources import files

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullFormatter

from rlgen.analysis.stats.intervals import run_mean
from rlgen.report.figures.panels import Panels
from rlgen.report.figures.panels import panels as in_style

#: In and out of the range of training.
IN, OUT = "#3b82c4", "#e07b39"
#: Of further bars and lines.
HUES = ("#3b82c4", "#e07b39", "#4f9d69", "#b05fa8", "#9a7d0a", "#4aa5b8")


def panels(
    name: str, title: str, titles: Sequence[str], *, columns: int = 3, width: float = 3.4
) -> AbstractContextManager[Panels]:
    """Panels in rows, each of this width in inches; see ``report.figures``."""
    columns = min(columns, len(titles))
    size = (max(5.5, width * columns), 0.5 + 2.8 * -(-len(titles) // columns))
    return in_style(f"xu2021-{name}", title, titles, size, columns=columns)


def logarithmic(axis: Axes) -> None:
    """A logarithmic upright axis whose numbers are plain text."""
    axis.set_yscale("log")
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.yaxis.set_minor_formatter(NullFormatter())


def averaged(table: pd.DataFrame, by: str, values: dict[str, str]) -> pd.DataFrame:
    """Geometric means over seeds with 95 % intervals, of errors that differ by orders.

    Args:
        table: Of cells.
        by: The column that says what is beside each other.
        values: Columns of errors, by what they are called.

    Returns:
        Columns ``by``, ``what``, ``seeds``, ``mean``, ``low`` and ``high``.
    """
    rows = []
    for key, own in table.groupby(by, sort=False):
        for what, column in values.items():
            logarithms = np.log(own[column].astype(float).clip(lower=1e-3).to_numpy())
            means = {name: float(np.exp(v)) for name, v in run_mean(logarithms).shown.items()}
            rows.append({by: key, "what": what, "seeds": len(own), **means})
    return pd.DataFrame(rows)


def bars(axis: Axes, data: pd.DataFrame, by: str, colours: dict[str, str]) -> None:
    """Bars of ``averaged`` beside each other, a colour a value, on a logarithmic axis."""
    keys = list(dict.fromkeys(data[by]))
    share = 0.8 / len(colours)
    for place, (what, colour) in enumerate(colours.items()):
        own = data[data["what"] == what].set_index(by).reindex(keys)
        at = np.arange(len(keys)) + share * (place - (len(colours) - 1) / 2)
        whiskers = np.nan_to_num([own["mean"] - own["low"], own["high"] - own["mean"]])
        axis.bar(at, own["mean"], share, color=colour, label=what)
        axis.errorbar(at, own["mean"], yerr=whiskers, fmt="none", ecolor="#777777", capsize=2)
    axis.set_xticks(range(len(keys)), [str(key) for key in keys], fontsize=8)
    axis.grid(visible=False, axis="x")
    logarithmic(axis)
    # Whole powers of ten, so that a bar's length can be read.
    low, high = np.log10(data["mean"].min()), np.log10(1.1 * data["mean"].max())
    axis.set_ylim(10.0 ** np.floor(low - 0.05), 10.0 ** np.ceil(high))
    axis.set_ylabel("error in percent")


def published() -> pd.DataFrame:
    """What the paper or its code says in numbers, with where each was read."""
    with (files("rlgen_protocols.xu2021") / "reference" / "published.csv").open() as file:
        return pd.read_csv(file)
