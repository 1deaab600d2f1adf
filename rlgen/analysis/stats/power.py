"""How many runs and levels a study needs, and what it can detect (method 2.8)."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from rlgen.analysis.stats.intervals import NAN, Estimate
from rlgen.errors import RlgenError

ALPHA, POWER = 0.05, 0.8


def detectable(
    sd_run: float,
    sd_residual: float,
    runs: int,
    levels: float,
    alpha: float = ALPHA,
    power: float = POWER,
) -> float:
    """Minimum detectable effect of a crossed study (method 2.8).

    ``(t(1 - alpha/2, S - 1) + t(power, S - 1)) sqrt(sd_run^2 / S + sd_residual^2 / (S L))``. Levels
    are shared by what is compared, so their own variance cancels.

    Args:
        sd_run: Standard deviation of the gap (or difference) between runs.
        sd_residual: Standard deviation of run by level.
        runs: S. One run detects nothing: nan.
        levels: L.
        alpha: Level of the two-sided test.
        power: Probability of finding it.

    Returns:
        In the unit of the standard deviations.

    Raises:
        RlgenError: For settings that make no sense.

    Example:
        >>> round(detectable(sd_run=0.3, sd_residual=0.5, runs=5, levels=200), 2)
        0.5
    """
    _check(alpha, power, levels=levels, runs=runs)
    if runs < 2:
        return NAN
    spread = float(np.sqrt(sd_run**2 / runs + sd_residual**2 / (runs * levels)))
    return _student(alpha, power, runs - 1) * spread


def achieved(estimate: Estimate, alpha: float = ALPHA, power: float = POWER) -> Estimate:
    """Minimum detectable effect of a finished study, to report with a non-significant result.

    Args:
        estimate: With its variance and degrees of freedom.
        alpha: Level of the two-sided test.
        power: Probability of finding it.

    Returns:
        The minimum detectable effect as ``mean``, without an interval.
    """
    if not np.isfinite([estimate.variance, estimate.df]).all():
        return Estimate(NAN, reason=estimate.reason or "the variance of the mean is not known")
    return Estimate(
        _student(alpha, power, estimate.df) * float(np.sqrt(estimate.variance)),
        reason="an effect size is given without an interval",
    )


def runs_needed(
    d: float,
    sd_run: float,
    sd_residual: float,
    levels: float,
    alpha: float = ALPHA,
    power: float = POWER,
) -> int:
    """Fewest runs with which a study on this many levels detects ``d``; at least 2.

    Args:
        d: Difference to find.
        sd_run: See ``detectable``.
        sd_residual: See ``detectable``.
        levels: L.
        alpha: Level of the two-sided test.
        power: Probability of finding it.
    """
    _check(alpha, power, d=d, levels=levels)

    def enough(runs: int) -> bool:
        return detectable(sd_run, sd_residual, runs, levels, alpha, power) <= d

    # What can be detected falls with every run: double until it is enough, then halve.
    low, high = 1, 2
    while not enough(high):
        low, high = high, 2 * high
        if high > 2**40:
            raise RlgenError(f"gap = {d}: too small to be detected by any number of runs")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def levels_needed(
    d: float,
    sd_run: float,
    sd_residual: float,
    runs: int,
    alpha: float = ALPHA,
    power: float = POWER,
) -> float:
    """Levels, unrounded, with which this many runs detect ``d``; inf where no number suffices.

    Args:
        d: Difference to find.
        sd_run: See ``detectable``.
        sd_residual: See ``detectable``.
        runs: S. With one run: inf.
        alpha: Level of the two-sided test.
        power: Probability of finding it.
    """
    _check(alpha, power, d=d, runs=runs)
    if runs < 2:
        return float("inf")
    room = runs * (d / _student(alpha, power, runs - 1)) ** 2 - sd_run**2
    if room <= 0:
        return float("inf")
    return max(sd_residual**2 / room, 1.0)


@dataclass(frozen=True)
class Purchase:
    """Runs and levels that a budget pays for.

    Attributes:
        runs: S.
        levels: L.
        cost: Of all of them.
        sd_mean: Standard deviation of the mean over runs and levels.
    """

    runs: int
    levels: int
    cost: float
    sd_mean: float


def best_split(
    budget: float,
    train_cost: float,
    level_cost: float,
    sd_run: float,
    sd_level: float,
    sd_residual: float,
) -> Purchase:
    """Runs and levels, at least two each, that give the most precise mean for a budget.

    Args:
        budget: What may be spent, in the unit of the costs, for example seconds.
        train_cost: Cost of training a run.
        level_cost: Cost of evaluating a run on a level.
        sd_run: Standard deviation between runs.
        sd_level: Standard deviation between levels.
        sd_residual: Standard deviation of run by level.

    Raises:
        RlgenError: If the budget does not pay for two runs on two levels.
    """
    _check(budget=budget, train_cost=train_cost, level_cost=level_cost)
    most = int(budget / (train_cost + 2 * level_cost))
    if most < 2:
        raise RlgenError(
            f"budget = {budget:g}: two runs on two levels cost {2 * train_cost + 4 * level_cost:g}"
        )
    # For each number of runs all the levels that are left to pay. Every number is tried up to some
    # hundreds, and above them steps well below a percent, which make no difference.
    runs = np.unique(np.geomspace(2, most, 4_000).round().astype(np.int64))
    levels = np.floor((budget / runs - train_cost) / level_cost * (1 + 1e-12)).astype(np.int64)
    runs, levels = runs[levels >= 2], levels[levels >= 2]
    variance = sd_run**2 / runs + sd_level**2 / levels + sd_residual**2 / (runs * levels)
    i = int(variance.argmin())
    cost = float(runs[i] * (train_cost + levels[i] * level_cost))
    return Purchase(int(runs[i]), int(levels[i]), cost, float(np.sqrt(variance[i])))


def _student(alpha: float, power: float, df: float) -> float:
    return float(special.stdtrit(df, 1 - alpha / 2) + special.stdtrit(df, power))


def _check(alpha: float = ALPHA, power: float = POWER, **positive: float) -> None:
    """Raise for settings that make no sense; data never raise."""
    for name, value in {"alpha": alpha, "power": power}.items():
        if not 0 < value < 1:
            raise RlgenError(f"{name} = {value}: must be between 0 and 1")
    for name, value in positive.items():
        if not value > 0:
            raise RlgenError(f"{name} = {value}: must be above 0")
