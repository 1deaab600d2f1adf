"""What returns can be, in figures: reference lines, and intervals cut there."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from rlgen.analysis.bounds import cut, possible
from rlgen.analysis.results import Results
from rlgen.analysis.stats.intervals import Estimate
from rlgen.report.figures.base import INK


def references(axis: Axes, rows: pd.DataFrame) -> list[float]:
    """Draw the mean returns of the planner (or the best possible one) and of the random agent.

    Args:
        axis: Whose height is a return.
        rows: Folded records; those of held-out levels are read, if they know the two.

    Returns:
        Where the lines are.
    """
    held_out = rows[rows["split"] == "test"]
    drawn = []
    for column, label, dashes in (("optimal", "best", "--"), ("random", "random agent", ":")):
        value = float(held_out[column].mean()) if column in held_out else float("nan")
        if np.isfinite(value):
            axis.axhline(value, color=INK, linestyle=dashes, linewidth=0.9, label=label, zorder=1)
            drawn.append(value)
    return drawn


def within(results: Results, rows: pd.DataFrame) -> pd.DataFrame:
    """Means of returns with their intervals cut at what is possible, as tables show them.

    Args:
        results: The study.
        rows: Columns of ``CELL``, ``part``, ``mean``, ``low`` and ``high``.
    """
    ends = []
    for row in rows.to_dict("records"):
        named = {str(key): value for key, value in row.items()}
        bounds = possible(results, named, "return", str(row["part"]))
        ends.append(cut(Estimate(row["mean"], row["low"], row["high"]), bounds))
    return rows.assign(low=[own.low for own in ends], high=[own.high for own in ends])
