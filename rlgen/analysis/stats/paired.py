"""Two arms with common random numbers: paired differences and sign-flip tests (method 2.6).

The arms share pool seed, training seed and test levels run by run, so differences between runs
and levels that both arms share cancel.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rlgen.analysis.stats.intervals import NAN, ROUNDED, Estimate, Floats, crossed_mean, magnitude

#: All sign patterns are tried up to this many runs.
EXACT_RUNS = 20
#: Sign patterns held in memory at once.
_CHUNK = 2**14


@dataclass(frozen=True)
class PValue:
    """The result of a randomization test.

    Attributes:
        p: Two-sided. The smallest that S runs can give is ``2^(1-S)``: five runs never reach .05,
            six do.
        reason: Why ``p`` is nan.
    """

    p: float
    reason: str = ""


def paired_mean(first: Floats, second: Floats, confidence: float = 0.95) -> Estimate:
    """Mean of ``first - second`` with a two-way interval for new runs on new levels.

    Args:
        first: ``(S, L)``.
        second: ``(S, L)``, the same runs (seed by seed) on the same levels.
        confidence: Of the interval.
    """
    if first.shape != second.shape:
        return Estimate(NAN, reason=f"not paired: tables {first.shape} and {second.shape}")
    return crossed_mean(first - second, confidence, size=magnitude([first, second]))


def sign_flip(
    differences: Floats,
    rng: np.random.Generator | None = None,
    draws: int = 9_999,
    *,
    size: float = 1.0,
) -> PValue:
    """Two-sided sign-flip test of a mean difference of zero over runs.

    ``p`` is the share of the ``2^S`` sign patterns whose absolute mean is at least that observed.
    Exact for symmetric differences up to ``EXACT_RUNS`` runs; above, from ``draws`` random
    patterns and the observed one (Phipson and Smyth 2010), for which ``rng`` must be given.

    Args:
        differences: ``(S,)``, the mean over levels of each run's difference; see ``paired_mean``.
        rng: Used above ``EXACT_RUNS`` runs only.
        draws: Number of random patterns.
        size: The largest magnitude of the returns that they are differences of; those within their
            rounding are 0.

    Returns:
        nan with a reason for fewer than two runs, a difference that is not a number, and many runs
        without ``rng``.

    Example:
        >>> sign_flip(np.array([0.3, 0.1, 0.2, 0.4, 0.2, 0.1])).p
        0.03125
    """
    if reason := _refused(differences, rng):
        return PValue(NAN, reason)
    n_runs = len(differences)
    differences = np.where(np.abs(differences) <= ROUNDED * size, 0.0, differences)
    # |sum| / root of the sum of squares: the latter does not change with the signs.
    scale = np.sqrt((differences**2).sum())
    unit = differences / (scale if scale > 0 else 1.0)
    # A pattern that ties with the observed one must not be lost to rounding.
    observed = np.abs(unit.sum()) - 1e-9
    if rng is None or n_runs <= EXACT_RUNS:
        patterns, extra = _all_signs(n_runs), 0
    else:
        patterns, extra = _random_signs(n_runs, rng, draws), 1
    reached = total = extra
    for signs in patterns:
        reached += int((np.abs(signs @ unit) >= observed).sum())
        total += len(signs)
    return PValue(reached / total)


def _refused(differences: Floats, rng: np.random.Generator | None) -> str:
    n_runs = len(differences)
    if n_runs < 2:
        return "one run has no test" if n_runs else "there are no runs"
    if not np.isfinite(differences).all():
        return "a difference is not a number"
    if n_runs > EXACT_RUNS and rng is None:
        return f"{n_runs} runs are too many to try all signs: random signs need a generator"
    return ""


def _all_signs(n_runs: int) -> Iterator[NDArray[np.float64]]:
    """Every pattern up to a change of all signs, which changes no absolute sum."""
    total = 2 ** (n_runs - 1)
    for start in range(0, total, _CHUNK):
        numbers = np.arange(start, min(start + _CHUNK, total))
        yield np.where(numbers[:, None] >> np.arange(n_runs) & 1, -1.0, 1.0)


def _random_signs(
    n_runs: int, rng: np.random.Generator, draws: int
) -> Iterator[NDArray[np.float64]]:
    for start in range(0, draws, _CHUNK):
        size = (min(_CHUNK, draws - start), n_runs)
        yield np.where(rng.integers(0, 2, size=size), -1.0, 1.0)
