"""Two arms with common random numbers: paired differences and sign-flip tests (method 2.6).

The arms share pool seed, training seed and test levels run by run, so differences between runs
and levels that both arms share cancel.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rlgen.analysis.stats.intervals import NAN, Estimate, Floats, crossed_mean

#: All sign patterns are tried up to this many runs.
EXACT_RUNS = 20
#: Sign patterns held in memory at once.
_CHUNK = 2**14


@dataclass(frozen=True)
class PValue:
    """Outcome of a randomization test.

    Attributes:
        p: Two-sided.
        smallest: The smallest p-value of this many runs, ``2^(1-S)``: five runs never reach .05,
            six do.
        reason: Why ``p`` is nan.
    """

    p: float
    smallest: float = NAN
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
    return crossed_mean(first - second, confidence)


def sign_flip(
    differences: Floats, rng: np.random.Generator | None = None, draws: int = 9_999
) -> PValue:
    """Two-sided sign-flip test of a mean difference of zero over runs.

    ``p`` is the share of the ``2^S`` sign patterns whose absolute mean is at least that observed.
    Exact for symmetric differences up to ``EXACT_RUNS`` runs; above, from ``draws`` random
    patterns and the observed one (Phipson and Smyth 2010), for which ``rng`` must be given.

    Args:
        differences: ``(S,)``, of each run the mean over levels; see ``paired_mean``.
        rng: Used above ``EXACT_RUNS`` runs only.
        draws: Random patterns.
    """
    return max_t(differences[:, None], rng, draws)[0]


def max_t(
    differences: Floats, rng: np.random.Generator | None = None, draws: int = 9_999
) -> list[PValue]:
    """Sign-flip tests of several curves or settings, adjusted for their number (max-T).

    Signs are flipped run by run for all columns together, which keeps their dependence; each
    column's statistic is compared with the largest over columns. The probability of any false
    rejection is at most the level (Westfall and Young 1993; Nichols and Holmes 2002).

    Args:
        differences: ``(S, C)``, one column a curve.
        rng: Used above ``EXACT_RUNS`` runs only; see ``sign_flip``.
        draws: Random patterns.

    Returns:
        One adjusted p-value a column.
    """
    n_runs, n_columns = differences.shape
    smallest = 2.0 ** (1 - n_runs)
    if reason := _refused(differences, rng):
        return [PValue(NAN, NAN, reason)] * n_columns
    # |sum| / root of the sum of squares: the latter does not change with the signs, and the t
    # statistic is one increasing function of this for all columns.
    scale = np.sqrt((differences**2).sum(axis=0))
    unit = differences / np.where(scale > 0, scale, 1.0)
    # A pattern that ties with the observed one must not be lost to rounding.
    observed = np.abs(unit.sum(axis=0)) - 1e-9
    if rng is None or n_runs <= EXACT_RUNS:
        patterns, extra = _all_signs(n_runs), 0
    else:
        patterns, extra = _random_signs(n_runs, rng, draws), 1
    reached, total = np.zeros(n_columns, np.int64), 0
    for signs in patterns:
        largest = np.abs(signs @ unit).max(axis=1)
        reached += (largest[:, None] >= observed).sum(axis=0)
        total += len(signs)
    return [PValue(float(count + extra) / (total + extra), smallest) for count in reached]


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
