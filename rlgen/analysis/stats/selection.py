"""The effect of choosing runs on their scores: top-k, best of k, winner's curse (method 2.7).

The best 3 of 20 jobs by training return are better than the algorithm is on average, and being
chosen by it biases their training return upwards. Ties are averaged: where most jobs reach the best
return exactly, which of them come first is arbitrary.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import special

from rlgen.analysis.stats.intervals import NAN, Estimate, Floats, level_mean, missing
from rlgen.errors import RlgenError

NO_INTERVAL = "a selected mean is given without an interval: report it on fresh runs"


def top_k(train: Floats, test: Floats, k: int) -> Estimate:
    """Mean test score of the k runs with the best training score, as in Zhang et al. 2018.

    Args:
        train: ``(n,)``, the scores that the choice is made by.
        test: ``(n,)``, the scores that are averaged.
        k: Number of runs kept.

    Raises:
        RlgenError: If k is not from 1 to n.
    """
    return best_of_k(train, test, len(train), k)


def best_of_k(train: Floats, test: Floats, k: int, m: int = 1) -> Estimate:
    """Expected mean test score of the best m of k jobs by training score, from n >= k jobs.

    The average over all subsets of k of the n jobs, hence unbiased; generalises the expected
    validation performance of Dodge et al. 2019 (method 2.7).

    Args:
        train: ``(n,)``, the scores that the choice is made by.
        test: ``(n,)``, the scores that are averaged.
        k: Number of jobs that are run.
        m: Number of these that are kept.

    Raises:
        RlgenError: If not 1 <= m <= k <= n.
    """
    if reason := _unknown(train, test):
        return Estimate(NAN, reason=reason)
    if not 1 <= m <= k <= len(train):
        raise RlgenError(f"m = {m} of k = {k}: must be 1 <= m <= k <= {len(train)}, the jobs there")
    (weights,) = _weights(train, [k], m)
    return Estimate(float(weights @ test), reason=NO_INTERVAL)


def best_of_k_curve(train: Floats, test: Floats) -> Floats:
    """``best_of_k`` with m = 1 for k = 1 .. n: how the score depends on the jobs one can afford.

    Args:
        train: ``(n,)``.
        test: ``(n,)``.

    Returns:
        ``(n,)``; nan throughout where ``best_of_k`` is.
    """
    if _unknown(train, test):
        return np.full(len(train), NAN)
    numbers = range(1, len(train) + 1)
    return np.array([float(weights @ test) for weights in _weights(train, numbers, 1)])


def _weights(train: Floats, numbers: Iterable[int], m: int) -> Iterator[Floats]:
    """For each k probability of jobs to be among the best m of k, over m; ties averaged."""
    n = len(train)
    rank = np.empty(n, np.intp)
    rank[np.argsort(train, kind="stable")] = np.arange(n)
    _, group = np.unique(train, return_inverse=True)
    ties = np.bincount(group)
    for k in numbers:
        weight = _by_rank(n, k, m)[rank]
        yield np.asarray((np.bincount(group, weight) / ties)[group])


@lru_cache(maxsize=4096)
def _by_rank(n: int, k: int, m: int) -> Floats:
    """``_weights`` of jobs in ascending order, without ties."""
    rank = np.arange(float(n))
    above = n - 1 - rank
    weight = np.zeros(n)
    for better in range(m):
        with np.errstate(under="ignore"):
            log = _log_comb(above, better) + _log_comb(rank, k - 1 - better) - _log_comb(n, k)
            weight += np.exp(log) / m
    return weight


def _log_comb(n: Floats | int, k: int) -> Floats:
    n = np.asarray(n, np.float64)
    possible = np.maximum(n, k)
    log = special.gammaln(possible + 1) - special.gammaln(k + 1) - special.gammaln(possible - k + 1)
    return np.where(n >= k, log, -np.inf)


def normal_order_statistics(n: int) -> Floats:
    """Expected values of n standard normal numbers in ascending order.

    By numerical integration of the quantile's density; the trapezoid rule is exact to rounding
    for a smooth integrand that vanishes at both ends.

    Args:
        n: At least 1.

    Returns:
        ``(n,)``.
    """
    if n < 1:
        raise RlgenError(f"n = {n}: must be at least 1")
    x = np.linspace(-12.0, 12.0, 4_801)
    r = np.arange(1, n + 1)[:, None]
    log = (
        special.gammaln(n + 1)
        - special.gammaln(r)
        - special.gammaln(n - r + 1)
        + (r - 1) * special.log_ndtr(x)
        + (n - r) * special.log_ndtr(-x)
        - x**2 / 2
        - np.log(2 * np.pi) / 2
    )
    with np.errstate(under="ignore"):
        return np.asarray((x * np.exp(log)).sum(axis=1) * (x[1] - x[0]))


def winners_curse(n: int, m: int = 1) -> float:
    """Upward bias of the mean of the best m of n equal jobs, in standard deviations.

    Multiply it by ``(1 - reliability) * sd``: ``sd`` is the observed standard deviation of the
    scores that the choice is made by, ``reliability`` the share of their variance that is true.
    Exact evaluation has no episode noise; the sampling of levels remains.

    Args:
        n: Number of jobs.
        m: Number of these that are kept.

    Raises:
        RlgenError: If not 1 <= m <= n.

    Example:
        >>> round(winners_curse(20, 3), 2)
        1.47
    """
    if not 1 <= m <= n:
        raise RlgenError(f"m = {m}: must be from 1 to {n}, the number of jobs")
    return float(normal_order_statistics(n)[-m:].mean())


@dataclass(frozen=True)
class Selected:
    """Runs chosen on validation levels and their score on test levels.

    Attributes:
        runs: Rows chosen, more than one where tied.
        validation: Their mean on validation levels, biased upwards by the choice.
        test: Their mean on test levels, for these policies on new levels.
    """

    runs: NDArray[np.intp]
    validation: float
    test: Estimate


def select(validation: Floats, test: Floats, confidence: float = 0.95) -> Selected:
    """Choose by mean validation return and report on test levels, which the choice never reads.

    Args:
        validation: ``(S, V)``.
        test: ``(S, L)``, the same runs.
        confidence: Of the interval.
    """
    none = np.empty(0, np.intp)
    if len(validation) != len(test):
        reason = f"{len(validation)} runs in validation and {len(test)} in the test"
        return Selected(none, NAN, Estimate(NAN, reason=reason))
    if reason := missing(validation) or missing(test):
        return Selected(none, NAN, Estimate(NAN, reason=reason))
    means = validation.mean(axis=1)
    chosen = np.flatnonzero(means == means.max())
    return Selected(chosen, float(means.max()), level_mean(test[chosen].mean(axis=0), confidence))


def _unknown(train: Floats, test: Floats) -> str:
    if len(train) != len(test):
        return f"{len(train)} training scores and {len(test)} test scores"
    return missing(train[:, None]) or missing(test[:, None])
