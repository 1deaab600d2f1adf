"""Does a number of a network order the gaps of networks that were trained alike?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlgen.analysis.stats.association import DECIMALS
from rlgen.analysis.stats.intervals import NAN, Estimate
from rlgen.util.seeding import stream

Floats = NDArray[np.float64]
#: Resampled tables.
REPLICATES = 4_999


@dataclass(frozen=True)
class Ordering:
    """Kendall's tau within strata, over all pairs of one stratum that are not tied.

    Attributes:
        estimate: The coefficient with its percentile interval.
        draws: The same of resampled tables, for tests and differences.
    """

    estimate: Estimate
    draws: Floats

    def p_above(self, margin: float) -> float:
        """One-sided p-value of "not above the margin"."""
        return self._p(self.draws <= margin)

    def p_below(self, margin: float) -> float:
        """One-sided p-value of "not below the margin"."""
        return self._p(self.draws >= margin)

    def _p(self, against: NDArray[np.bool_]) -> float:
        return float((1 + against.sum()) / (1 + len(against))) if len(against) else NAN


def stratified_tau(
    x: ArrayLike, y: ArrayLike, strata: ArrayLike, seeds: ArrayLike, *, seed: int = 0
) -> Ordering:
    """Concordant less discordant pairs over comparable ones, all within strata.

    Seeds are drawn with replacement within each stratum, all networks of a seed together, so that
    two calls with the same strata and seeds have the same resampled tables.

    Args:
        x: ``(N,)``, a number of each network.
        y: ``(N,)``, its gap.
        strata: ``(N,)``, labels of what was trained alike.
        seeds: ``(N,)``.
        seed: Of the resampling.
    """
    one, two = (np.round(np.asarray(v, float), DECIMALS) for v in (x, y))
    groups, members = np.asarray(strata), np.asarray(seeds)
    if not len(one) or not np.isfinite([one, two]).all():
        return Ordering(Estimate(NAN, reason="no networks, or a number is nan"), np.zeros(0))
    rng = stream(seed, "stratified tau")
    sums, several = np.zeros((2, 1 + REPLICATES)), True
    for group in np.unique(groups):
        rows = np.flatnonzero(groups == group)
        names, place = np.unique(members[rows], return_inverse=True)
        several = several and len(names) > 1
        times = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), REPLICATES)
        weights = np.vstack([np.ones(len(rows)), times[:, place]])
        signs = [np.sign(v[rows, None] - v[rows]) for v in (one, two)]
        agree = signs[0] * signs[1]
        for total, pairs in zip(sums, (agree, np.abs(agree)), strict=True):
            total += ((weights @ pairs) * weights).sum(axis=1)
    taus = np.divide(sums[0], sums[1], out=np.full(1 + REPLICATES, NAN), where=sums[1] > 0)
    value, draws = float(taus[0]), taus[1:][np.isfinite(taus[1:])]
    if not several or len(draws) < REPLICATES or np.ptp(draws) == 0:
        return Ordering(Estimate(value, reason="too few seeds for an interval"), np.zeros(0))
    low, high = np.quantile(draws, [0.025, 0.975])
    return Ordering(Estimate(value, float(low), float(high), float(draws.var(ddof=1))), draws)
