"""Does a number order runs by their gap within strata? Kendall's tau, stratified (method A, 0.4).

Whatever grows with the experimenter's own settings orders runs of different settings; so only pairs
of runs with the same settings are compared. Two numbers are compared on the same resampled runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlgen.analysis.stats.association import DECIMALS
from rlgen.analysis.stats.bootstrap import percentile
from rlgen.analysis.stats.intervals import NAN, Estimate, Floats
from rlgen.util.seeding import stream

REPLICATES = 2_000
NO_PAIRS = "no two runs of one stratum differ"


@dataclass(frozen=True)
class Stratified:
    """Stratified tau of several numbers with the same runs, and their bootstrap replicates.

    Attributes:
        points: By number.
        draws: ``(R,)`` by number, paired: of the same resampled runs.
        runs: By number, how many runs it rests on.
    """

    points: Mapping[str, float]
    draws: Mapping[str, Floats]
    runs: Mapping[str, int]

    def tau(self, name: str) -> Estimate:
        """A number's tau in [-1, 1], with its percentile interval."""
        if self.points[name] != self.points[name]:
            return Estimate(NAN, reason=NO_PAIRS)
        return percentile(self.points[name], self.draws[name])

    def advantage(self, name: str, other: str) -> Estimate:
        """By how much a number's tau is larger than another's, in absolute value.

        The direction of each is that of its point: the sign says what the number means, not how
        much it says.
        """
        points, draws = self.points, self.draws
        if points[name] != points[name] or points[other] != points[other]:
            return Estimate(NAN, reason=NO_PAIRS)
        signs = np.sign(points[name]), np.sign(points[other])
        point = abs(points[name]) - abs(points[other])
        return percentile(point, signs[0] * draws[name] - signs[1] * draws[other])


def stratified(
    numbers: Mapping[str, ArrayLike],
    gaps: ArrayLike,
    strata: ArrayLike,
    *,
    seed: int = 0,
    replicates: int = REPLICATES,
) -> Stratified:
    """Concordant minus discordant pairs, over the pairs that can be compared, all within strata.

    Args:
        numbers: By name ``(N,)``, one value a run; a run without it, nan, is in none of its pairs.
            Equal to nine decimals is tied, and not compared.
        gaps: ``(N,)``, likewise.
        strata: ``(N,)``, one label for each combination of settings.
        seed: Of the bootstrap, which draws as many runs of each stratum as it has.
        replicates: Resampled sets of runs.

    Example:
        >>> taus = stratified({"x": [1, 2, 3, 9, 8]}, [1, 2, 3, 4, 5], list("aaabb"))
        >>> taus.points["x"]
        0.5
    """
    y, labels = np.asarray(gaps, float), np.unique(np.asarray(strata, str), return_inverse=True)[1]
    within = labels[:, None] == labels[None, :]
    weights = _resampled(labels, seed, replicates)
    whole = np.ones((1, len(y)))
    points, draws, runs = {}, {}, {}
    for name, values in numbers.items():
        x = np.asarray(values, float)
        agree = _signs(x) * _signs(y) * within
        points[name] = float(_ratio(agree, whole)[0])
        draws[name] = _ratio(agree, weights)
        runs[name] = int(np.isfinite(x + y).sum())
    return Stratified(points, draws, runs)


def _signs(values: Floats) -> Floats:
    """Signs of all differences, ``(N, N)``; 0 where tied or unknown."""
    signs = np.sign(np.round(values[:, None] - values[None, :], DECIMALS))
    return np.nan_to_num(signs, nan=0.0)


def _ratio(agree: Floats, weights: Floats) -> Floats:
    """Weighted sums of agreements over those of comparable pairs, ``(R,)``."""
    above, below = (((weights @ pairs) * weights).sum(axis=1) for pairs in (agree, np.abs(agree)))
    ratio: Floats = np.divide(above, below, out=np.full(len(above), NAN), where=below > 0)
    return ratio


def _resampled(labels: NDArray[np.intp], seed: int, replicates: int) -> Floats:
    """How often each run is in each resampled set, ``(R, N)``."""
    rng = stream(seed, "stratified bootstrap")
    weights = np.zeros((replicates, len(labels)))
    for label in np.unique(labels):
        mine = np.flatnonzero(labels == label)
        weights[:, mine] = rng.multinomial(len(mine), np.full(len(mine), 1 / len(mine)), replicates)
    return weights
