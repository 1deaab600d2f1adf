"""How many runs and levels a study needs, and what it can detect (method 2.8)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from rlgen.analysis.stats.intervals import NAN, Estimate, satterthwaite
from rlgen.errors import RlgenError

ALPHA, POWER = 0.05, 0.8
#: The most runs, or levels, that are searched.
MOST = 2**40


def detectable(
    sd_run: float,
    sd_residual: float,
    runs: int,
    levels: float,
    alpha: float = ALPHA,
    power: float = POWER,
    *,
    sd_level: float = 0.0,
) -> float:
    """Minimum detectable effect of a crossed study (method 2.8).

    ``(t(1 - alpha/2, df) + t(power, df)) sqrt(sd_run^2 / S + sd_level^2 / L + sd_residual^2 / (S
    L))``, with the degrees of freedom of the interval (Satterthwaite), ``S - 1`` without a spread
    of levels. In a difference of two arms on the same levels that spread cancels; a gap has it.

    Args:
        sd_run: Standard deviation of the gap (or difference) between runs.
        sd_residual: Standard deviation of run by level.
        runs: S. One run detects nothing: nan.
        levels: L. So does one level, if levels differ.
        alpha: Level of the two-sided test.
        power: Probability of finding it.
        sd_level: Standard deviation between levels.

    Returns:
        In the unit of the standard deviations.

    Raises:
        RlgenError: For settings that make no sense.

    Example:
        >>> round(detectable(sd_run=0.3, sd_residual=0.5, runs=5, levels=200), 2)
        0.5
        >>> round(detectable(sd_run=0.3, sd_residual=0.5, runs=5, levels=20, sd_level=1.0), 2)
        0.78
    """
    _check(alpha, power, levels=levels, runs=runs)
    if runs < 2 or (sd_level and levels < 2):
        return NAN
    shared = sd_residual**2 / (runs * levels)
    parts = [(sd_run**2 / runs + shared, runs - 1.0)]
    if sd_level:
        # As in the interval: what single runs do on single levels is in both of the others.
        parts += [
            (sd_level**2 / levels + shared, levels - 1.0),
            (-shared, (runs - 1.0) * (levels - 1.0)),
        ]
    variance, df = satterthwaite(parts)
    return _student(alpha, power, df) * float(np.sqrt(variance)) if variance else 0.0


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
    *,
    sd_level: float = 0.0,
) -> int | None:
    """Fewest runs with which a study on this many levels detects ``d``; at least 2.

    Args:
        d: Difference to find.
        sd_run: See ``detectable``.
        sd_residual: See ``detectable``.
        levels: L.
        alpha: Level of the two-sided test.
        power: Probability of finding it.
        sd_level: See ``detectable``.

    Returns:
        None where no number suffices: the levels are too few.
    """
    _check(alpha, power, d=d, levels=levels)
    return _fewest(
        lambda n: detectable(sd_run, sd_residual, n, levels, alpha, power, sd_level=sd_level) <= d
    )


def levels_needed(
    d: float,
    sd_run: float,
    sd_residual: float,
    runs: int,
    alpha: float = ALPHA,
    power: float = POWER,
    *,
    sd_level: float = 0.0,
) -> int | None:
    """Fewest levels on which this many runs detect ``d``; at least 2.

    Args:
        d: Difference to find.
        sd_run: See ``detectable``.
        sd_residual: See ``detectable``.
        runs: S.
        alpha: Level of the two-sided test.
        power: Probability of finding it.
        sd_level: See ``detectable``.

    Returns:
        None where no number suffices: the runs are too few.
    """
    _check(alpha, power, d=d, runs=runs)
    return _fewest(
        lambda n: detectable(sd_run, sd_residual, runs, n, alpha, power, sd_level=sd_level) <= d
    )


def _fewest(enough: Callable[[int], bool]) -> int | None:
    """The smallest number from 2 on that is enough: raised until it is, then bisected.

    In small steps: with levels of their own for a part of the variance, the degrees of freedom fall
    as they grow, and more of them may be too many.
    """
    low, high = 1, 2
    while not enough(high):
        low, high = high, high + max(1, high // 16)
        if high > MOST:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


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
        RlgenError: If the budget does not pay for two runs on two levels, or for more than
            ``MOST`` of either.
    """
    _check(budget=budget, train_cost=train_cost, level_cost=level_cost)
    if not budget / level_cost <= MOST:
        raise RlgenError(f"budget = {budget:g}: pays for more than {MOST:,} runs or levels")
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
