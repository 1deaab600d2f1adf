"""Means over runs x levels with confidence intervals (method 2.2)."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rlgen.analysis.stats.variance import two_way

Floats = NDArray[np.float64]
NAN = float("nan")
#: Why there is no interval: of returns, or of what is computed from them, such as gaps.
ALIKE = "all values are equal"
ONE_RUN = "one run has no interval"
ONE_LEVEL = "one level has no interval for new levels"

#: Numbers of size 1, and differences of such, that are nearer than this differ by rounding alone.
ROUNDED = 2**12 * float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Estimate:
    """A mean with its interval.

    Attributes:
        mean: The estimate.
        low: Lower end; nan where there are too few runs to tell.
        high: Upper end.
        variance: Of the mean.
        df: Degrees of freedom behind the interval.
        reason: Why the mean or the interval is nan; empty where neither is.
    """

    mean: float
    low: float = NAN
    high: float = NAN
    variance: float = NAN
    df: float = NAN
    reason: str = ""

    @property
    def shown(self) -> dict[str, float]:
        """``mean``, ``low`` and ``high``, as a summary has them."""
        return {"mean": self.mean, "low": self.low, "high": self.high}


def magnitude(tables: Iterable[Floats]) -> float:
    """The largest magnitude of returns in tables of any shapes; 1 if it is below."""
    return max([1.0, *(float(np.abs(table).max()) for table in tables if table.size)])


def missing(returns: Floats) -> str:
    """Why a table ``(S, L)`` has no mean; empty where it has one."""
    if not returns.shape[0]:
        return "there are no runs"
    if not returns.size:
        return "there are no levels"
    return "" if np.isfinite(returns).all() else "a return is not a number"


def single(returns: Floats) -> str:
    """Why the mean of a table ``(S, L)`` has no interval; empty where it has one."""
    n_runs, n_levels = returns.shape
    if n_runs < 2:
        return ONE_RUN
    return ONE_LEVEL if n_levels < 2 else ""


def alike(returns: Floats, spread: float) -> bool:
    """Whether returns are equal up to rounding.

    Equal returns have no interval: they say nothing about how far others would be from them.

    Args:
        returns: Of any shape.
        spread: Their standard deviation.
    """
    return bool(spread <= ROUNDED * max(1.0, float(np.abs(returns).max())))


def student(
    mean: float, variance: float, df: float, confidence: float = 0.95, *, size: float = 1.0
) -> Estimate:
    """Student's t interval; none where nothing varies.

    Args:
        mean: The estimate.
        variance: Variance of the estimate.
        df: Degrees of freedom of that variance.
        confidence: Confidence level of the interval.
        size: The largest magnitude of the returns that it is a mean, or a difference, of: what
            varies by their rounding does not vary.
    """
    if alike(np.array([mean, size]), np.sqrt(variance)):
        return Estimate(mean, reason=ALIKE)
    from scipy import special  # here, as few who import this module need it

    # Not scipy.stats, whose import takes a second.
    half = float(special.stdtrit(df, 0.5 + confidence / 2)) * float(np.sqrt(variance))
    return Estimate(mean, mean - half, mean + half, variance, df)


def satterthwaite(parts: list[tuple[float, float]]) -> tuple[float, float]:
    """Signed sum of independent mean squares, and its degrees of freedom (Satterthwaite 1946).

    Args:
        parts: ``(contribution, degrees of freedom)`` of each.

    Returns:
        The sum, and its degrees of freedom; nan where all contributions are 0.
    """
    total = sum(part for part, _ in parts)
    spread = sum(part**2 / df for part, df in parts if part)
    return total, total**2 / spread if spread else NAN


def difference(one: Estimate, other: Estimate, confidence: float = 0.95) -> Estimate:
    """Difference of two independent estimates (Welch 1938).

    Args:
        one: The first, with its variance and degrees of freedom.
        other: The one that is subtracted, likewise.
        confidence: Confidence level of the interval, which exists only if both have one.
    """
    mean = one.mean - other.mean
    for side in (one, other):
        if not np.isfinite([side.variance, side.df]).all():
            return Estimate(mean, reason=side.reason)
    variance, df = satterthwaite([(one.variance, one.df), (other.variance, other.df)])
    return student(mean, variance, df, confidence)


def crossed_mean(returns: Floats, confidence: float = 0.95, *, size: float = 1.0) -> Estimate:
    """Mean over runs and levels, with an interval for new runs on new levels.

    In simulation the 95 % interval holds the truth in .92 to .96 of studies with three runs or
    more, whatever the size of the components; with two runs in .88 to .96.

    Args:
        returns: ``(S, L)``, in any unit. With fewer than two runs or levels the interval is nan.
        confidence: Confidence level of the interval.
        size: See ``student``.

    Example:
        >>> table = np.array([[1.0, 0.0, 2.0], [2.0, 0.5, 2.0], [1.5, 0.0, 3.0]])
        >>> {name: round(value, 2) for name, value in crossed_mean(table).shown.items()}
        {'mean': 1.33, 'low': -1.35, 'high': 4.02}
    """
    if reason := missing(returns):
        return Estimate(NAN, reason=reason)
    if reason := single(returns):
        return Estimate(float(returns.mean()), reason=reason)
    n_runs, n_levels = returns.shape
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
    return student(table.mean, variance, df, confidence, size=size)


def run_mean(run_means: Floats, confidence: float = 0.95) -> Estimate:
    """Mean over runs that have levels of their own, with an interval for new runs.

    Args:
        run_means: ``(S,)``, the mean of each run over its levels.
        confidence: Confidence level of the interval.
    """
    if reason := missing(run_means[:, None]):
        return Estimate(NAN, reason=reason)
    mean, n_runs = float(run_means.mean()), len(run_means)
    if n_runs < 2:
        return Estimate(mean, reason=ONE_RUN)
    return student(mean, float(run_means.var(ddof=1)) / n_runs, n_runs - 1, confidence)


def means(runs: list[Floats]) -> Floats:
    """Mean of each run, ``(S,)``.

    Args:
        runs: For each run its values, ``(L,)``; runs may have different numbers of levels.
    """
    if len({len(own) for own in runs}) == 1:
        return np.asarray(np.stack(runs).mean(axis=1))
    return np.array([own.mean() for own in runs])


def level_mean(returns: Floats, confidence: float = 0.95) -> Estimate:
    """Mean of one policy over levels, with an interval for this policy on new levels.

    Args:
        returns: ``(L,)``.
        confidence: Confidence level of the interval.
    """
    if reason := missing(returns[None]):
        return Estimate(NAN, reason=reason)
    mean, n_levels = float(returns.mean()), len(returns)
    if n_levels < 2:
        return Estimate(mean, reason=ONE_LEVEL)
    return student(mean, float(returns.var(ddof=1)) / n_levels, n_levels - 1, confidence)


def gap(
    train: list[Floats],
    test: Floats | list[Floats],
    *,
    shared_pool: bool = False,
    shared_test: bool = True,
    confidence: float = 0.95,
    size: float | None = None,
) -> Estimate:
    """Generalization gap: mean training minus mean test return, for new runs on new levels.

    The differences of each run's two means vary with everything that changes from run to run,
    its own training levels included; test levels are shared by all runs and are added (method
    2.2, the variance of the gap with nested training pools).

    Args:
        train: For each run the returns on its training levels.
        test: ``(S, L)``; or for each run the returns on held-out levels of its own.
        shared_pool: Whether all runs trained on the same levels; these are then added as well.
        shared_test: Whether the held-out levels are those of all runs.
        confidence: Confidence level of the interval.
        size: See ``student``; by default that of the values, which is too little where these are
            differences of returns.
    """
    if not train:
        return Estimate(NAN, reason="there are no runs")
    if not all(own.size for own in train):
        return Estimate(NAN, reason="a run has no training levels")
    held_out = list(test)
    for own in (*held_out, *train):
        if reason := missing(own[None]):
            return Estimate(NAN, reason=reason)
    differences = means(train) - means(held_out)
    mean, n_runs = float(differences.mean()), len(differences)
    if n_runs < 2:
        return Estimate(mean, reason=ONE_RUN)
    parts = [(float(differences.var(ddof=1)) / n_runs, float(n_runs - 1))]
    pools = [np.stack(held_out)] if shared_test else []
    for pool in [*pools, np.stack(train)] if shared_pool else pools:
        n_levels = pool.shape[1]
        if n_levels < 2:
            return Estimate(mean, reason=single(pool))
        table = two_way(pool)
        if table.var_level:
            n = n_runs * n_levels
            parts += [
                (table.ms_level / n, n_levels - 1.0),
                (-table.ms_residual / n, (n_runs - 1.0) * (n_levels - 1.0)),
            ]
    variance, df = satterthwaite(parts)
    df = max(df, 1.0) if variance else n_runs - 1.0
    size = magnitude([*train, *held_out]) if size is None else size
    return student(mean, variance, df, confidence, size=size)
