"""Two-way analysis of variance of a table of runs x levels (method 2.2)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class TwoWay:
    """Mean squares and variance components of ``J = mu + run + level + residual``."""

    mean: float
    ms_run: float
    ms_level: float
    ms_residual: float
    n_runs: int
    n_levels: int

    @property
    def var_run(self) -> float:
        """Variance between runs."""
        return max((self.ms_run - self.ms_residual) / self.n_levels, 0.0)

    @property
    def var_level(self) -> float:
        """Variance between levels."""
        return max((self.ms_level - self.ms_residual) / self.n_runs, 0.0)

    @property
    def var_residual(self) -> float:
        """Variance of what neither the run nor the level explains."""
        return self.ms_residual


def two_way(returns: NDArray[np.float64]) -> TwoWay:
    """Analysis of variance of a full table.

    Args:
        returns: ``(S, L)``, one row a run, one column a level; at least 2 x 2.
    """
    n_runs, n_levels = returns.shape
    mean = returns.mean()
    rows, columns = returns.mean(axis=1), returns.mean(axis=0)
    # In place: a large table is read from memory once rather than at each step.
    residual = returns - rows[:, None]
    residual -= columns
    residual += mean
    np.square(residual, out=residual)
    return TwoWay(
        float(mean),
        float(n_levels * rows.var(ddof=1)),
        float(n_runs * columns.var(ddof=1)),
        float(residual.sum() / ((n_runs - 1) * (n_levels - 1))),
        n_runs,
        n_levels,
    )
