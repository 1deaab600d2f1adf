"""Means over runs x levels with confidence intervals (method 2.2)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]
NAN = float("nan")


@dataclass(frozen=True)
class Estimate:
    """A mean with its interval.

    Attributes:
        mean: The estimate.
        low: Lower end; nan where there are too few runs to tell.
        high: Upper end.
        variance: Of the mean.
        df: Degrees of freedom behind the interval.
    """

    mean: float
    low: float = NAN
    high: float = NAN
    variance: float = NAN
    df: float = NAN


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


def two_way(returns: Floats) -> TwoWay:
    """Analysis of variance of a full table.

    Args:
        returns: ``(S, L)``, one row a run, one column a level; at least 2 x 2.
    """
    n_runs, n_levels = returns.shape
    mean = returns.mean()
    rows, columns = returns.mean(axis=1), returns.mean(axis=0)
    residual = returns - rows[:, None] - columns + mean
    return TwoWay(
        float(mean),
        float(n_levels * rows.var(ddof=1)),
        float(n_runs * columns.var(ddof=1)),
        float((residual**2).sum() / ((n_runs - 1) * (n_levels - 1))),
        n_runs,
        n_levels,
    )


def student(mean: float, variance: float, df: float, confidence: float = 0.95) -> Estimate:
    """The t interval of an estimate with this variance."""
    # scipy.special rather than scipy.stats, whose import takes a second.
    half = float(special.stdtrit(df, 0.5 + confidence / 2)) * float(np.sqrt(variance))
    return Estimate(mean, mean - half, mean + half, variance, df)


def satterthwaite(parts: list[tuple[float, float]]) -> tuple[float, float]:
    """Sum of independent mean squares with signs, and its degrees of freedom.

    Args:
        parts: ``(contribution, degrees of freedom)``.
    """
    total = sum(part for part, _ in parts)
    spread = sum(part**2 / df for part, df in parts if part)
    return total, total**2 / spread if spread else NAN


def crossed_mean(returns: Floats, confidence: float = 0.95) -> Estimate:
    """Mean over runs and levels, both random: an interval for new runs on new levels.

    In simulation the 95 % interval holds the truth in .93 to .96 of studies with three runs or
    more, whatever the size of the components; with two runs in .88 to .96.

    Args:
        returns: ``(S, L)``. With fewer than two runs or levels the interval is nan.
        confidence: Of the interval.
    """
    if returns.size == 0 or not np.isfinite(returns).all():
        return Estimate(NAN)
    n_runs, n_levels = returns.shape
    if min(n_runs, n_levels) < 2:
        return Estimate(float(returns.mean()))
    table = two_way(returns)
    n = n_runs * n_levels
    run = (table.ms_run / n, n_runs - 1.0)
    level = (table.ms_level / n, n_levels - 1.0)
    residual = (-table.ms_residual / n, (n_runs - 1.0) * (n_levels - 1.0))
    # A component estimated below zero is zero. Left in, it would cancel the others and leave a
    # variance near nothing on next to no degrees of freedom, and an interval of any width.
    if table.var_run and table.var_level:
        variance, df = satterthwaite([run, level, residual])
    elif table.var_run or table.var_level:
        variance, df = run if table.var_run else level
    else:
        variance, df = max(run, level)
    return student(table.mean, variance, df, confidence)


def run_mean(run_means: Floats, confidence: float = 0.95) -> Estimate:
    """Mean over runs that each have levels of their own: an interval for new runs.

    Args:
        run_means: ``(S,)``.
        confidence: Of the interval.
    """
    if not len(run_means) or not np.isfinite(run_means).all():
        return Estimate(NAN)
    mean, n_runs = float(run_means.mean()), len(run_means)
    if n_runs < 2:
        return Estimate(mean)
    return student(mean, float(run_means.var(ddof=1)) / n_runs, n_runs - 1, confidence)


def gap(
    train: list[Floats], test: Floats, *, shared_pool: bool = False, confidence: float = 0.95
) -> Estimate:
    """Generalization gap, mean training minus mean test return: for new runs on new levels.

    The differences of each run's two means vary with everything that changes from run to run,
    its own training levels included; test levels are shared by all runs and are added (method
    2.2, the variance of the gap with nested training pools).

    Args:
        train: For each run the returns on its training levels.
        test: ``(S, L)``.
        shared_pool: Whether all runs trained on the same levels; these are then added as well.
        confidence: Of the interval.
    """
    differences = np.array([own.mean() for own in train]) - test.mean(axis=1)
    if not len(differences) or not np.isfinite(differences).all():
        return Estimate(NAN)
    mean, n_runs = float(differences.mean()), len(differences)
    if n_runs < 2:
        return Estimate(mean)
    parts = [(float(differences.var(ddof=1)) / n_runs, float(n_runs - 1))]
    for pool in [test, np.stack(train)] if shared_pool else [test]:
        n_levels = pool.shape[1]
        if n_levels < 2:
            return Estimate(mean)
        table = two_way(pool)
        if table.var_level:
            n = n_runs * n_levels
            parts += [
                (table.ms_level / n, n_levels - 1.0),
                (-table.ms_residual / n, (n_runs - 1.0) * (n_levels - 1.0)),
            ]
    variance, df = satterthwaite(parts)
    return student(mean, variance, max(df, 1.0) if variance else n_runs - 1.0, confidence)
