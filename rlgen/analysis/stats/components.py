"""Variance components of a table of runs x levels, and which of the two to buy more of."""

from dataclasses import dataclass

import numpy as np

from rlgen.analysis.stats.intervals import ALIKE, NAN, Floats, alike, missing
from rlgen.analysis.stats.variance import two_way


@dataclass(frozen=True)
class Components:
    """Variance components of a table, and what they say to buy (method 2.2).

    Attributes:
        run: Variance between runs.
        level: Variance between levels.
        residual: Variance of the rest.
        shares: Percent of the total, in this order; nan where all returns are equal.
        advice: "buy more runs" or "buy more levels": the larger of ``run / S`` and ``level / L``,
            the two shares of the mean's variance that only one of the purchases makes smaller.
            Empty where there is nothing to choose by.
        reason: Why the components or the advice are missing.
    """

    run: float = NAN
    level: float = NAN
    residual: float = NAN
    shares: tuple[float, float, float] = (NAN, NAN, NAN)
    advice: str = ""
    reason: str = ""


def components(returns: Floats) -> Components:
    """Variance components of a table with percent of the total and advice.

    Args:
        returns: ``(S, L)``. nan with a reason for fewer than two runs or levels.
    """
    if reason := missing(returns):
        return Components(reason=reason)
    if min(returns.shape) < 2:
        what = "run" if len(returns) < 2 else "level"
        return Components(reason=f"one {what} has no variance components")
    table = two_way(returns)
    variances = (table.var_run, table.var_level, table.var_residual)
    total = sum(variances)
    if alike(returns, np.sqrt(total)):
        return Components(*variances, reason=ALIKE)
    run, level, residual = (100 * part / total for part in variances)
    by_run, by_level = table.var_run / table.n_runs, table.var_level / table.n_levels
    if not by_run and not by_level:
        reason = "neither runs nor levels differ by more than the residual"
        return Components(*variances, (run, level, residual), reason=reason)
    advice = "buy more runs" if by_run >= by_level else "buy more levels"
    return Components(*variances, (run, level, residual), advice)
