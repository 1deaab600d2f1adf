"""Rank correlation of two columns over agents, with intervals (method 3.2, items 2 and 3).

All statistics here are sums over pairs of agents, so one routine serves the sample and, with each
agent's multiplicity as weight, thousands of bootstrap samples at once.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from rlgen.util.seeding import stream

Floats = NDArray[np.float64]
NAN = float("nan")
REPLICATES = 1000
#: Values are differences of exactly computed returns: below this they differ by rounding.
DECIMALS = 9


@dataclass(frozen=True)
class Association:
    """A correlation with its interval.

    Attributes:
        value: In [-1, 1].
        low: Lower end.
        high: Upper end.
        n: Agents it rests on.
        reason: Why something is nan.
    """

    value: float
    low: float
    high: float
    n: int
    reason: str = ""


def kendall(
    x: ArrayLike,
    y: ArrayLike,
    *,
    clusters: ArrayLike | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> Association:
    """Kendall's tau-b.

    Args:
        x: ``(N,)``, one value an agent, for example adjusted drops. Equal to nine decimals is tied.
        y: ``(N,)``, for example gaps.
        clusters: ``(N,)``, the run of each agent, if several checkpoints of a run enter; the
            interval is then a bootstrap of whole runs, else Fieller, Hartley & Pearson's (1957).
        confidence: Confidence level of the interval.
        seed: Seed of the bootstrap.
    """
    return _associate("kendall", x, y, None, clusters, confidence, seed)


def spearman(
    x: ArrayLike,
    y: ArrayLike,
    *,
    clusters: ArrayLike | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> Association:
    """Spearman's rho, with mid-ranks for ties. Arguments as in ``kendall``."""
    return _associate("spearman", x, y, None, clusters, confidence, seed)


def partial_kendall(
    x: ArrayLike,
    y: ArrayLike,
    strata: ArrayLike,
    *,
    clusters: ArrayLike | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> Association:
    """Kendall's tau-b within strata, averaged with weights proportional to their pairs.

    Does a detector know more than the experimenter's own settings? Strata in which all x or all y
    are tied say nothing and are left out of the average and of ``n``.

    Args:
        x: As in ``kendall``.
        y: As in ``kendall``.
        strata: ``(N,)``, one label for each combination of settings. Not nan, nor None.
        clusters: As in ``kendall``; each agent by itself unless given. The interval is always a
            bootstrap.
        confidence: Confidence level of the interval.
        seed: Seed of the bootstrap.
    """
    if clusters is None:
        clusters = np.arange(len(np.asarray(x)))
    return _associate("kendall", x, y, strata, clusters, confidence, seed)


Kind = Literal["kendall", "spearman"]
#: Variance of atanh of the coefficient is the first over n minus the second (Fieller et al. 1957).
FIELLER: dict[Kind, tuple[float, int]] = {"kendall": (0.437, 4), "spearman": (1.06, 3)}


def _associate(
    kind: Kind,
    x: ArrayLike,
    y: ArrayLike,
    strata: ArrayLike | None,
    clusters: ArrayLike | None,
    confidence: float,
    seed: int,
) -> Association:
    one, two = (np.round(np.asarray(v, float), DECIMALS) for v in (x, y))
    n = len(one)
    if len(two) != n:
        raise ValueError(f"{n} values of x and {len(two)} of y")
    unknown = int((~np.isfinite(one) | ~np.isfinite(two)).sum())
    if n < 2 or unknown:
        few = "1 agent has" if n == 1 else f"{n} agents have"
        reason = f"{unknown} of {n} agents are nan" if unknown else f"{few} no order"
        return Association(NAN, NAN, NAN, n, reason)
    parts = _strata(one, two, strata)
    if not parts:
        tied = [name for name, v in (("x", one), ("y", two)) if np.ptp(v) == 0]
        reason = f"all {tied[0]} are equal" if tied else "x or y is all equal within each stratum"
        return Association(NAN, NAN, NAN, n, reason)
    value = float(_statistic(kind, one, two, parts, np.ones((1, n)))[0])
    used = sum(len(part) for part in parts)
    if clusters is None:
        return _fieller(kind, value, used, confidence)
    weights = _resampled(np.asarray(clusters), seed)
    if weights is None:
        return Association(value, NAN, NAN, used, "one cluster has no spread")
    draws = _statistic(kind, one, two, parts, weights)
    draws = draws[np.isfinite(draws)]
    if not len(draws):
        return Association(value, NAN, NAN, used, "no bootstrap sample has an order")
    low, high = np.quantile(draws, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Association(value, float(low), float(high), used)


def _strata(x: Floats, y: Floats, strata: ArrayLike | None) -> list[NDArray[np.intp]]:
    """Positions of the agents of each stratum in which neither x nor y is all equal."""
    labels = np.zeros(len(x), int) if strata is None else np.asarray(strata)
    parts = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    return [part for part in parts if np.ptp(x[part]) > 0 and np.ptp(y[part]) > 0]


def _statistic(
    kind: Kind, x: Floats, y: Floats, parts: list[NDArray[np.intp]], weights: Floats
) -> Floats:
    """The coefficient for each row of weights ``(B, N)``, averaged over strata; nan if unknown."""
    total, pairs = np.zeros(len(weights)), np.zeros(len(weights))
    for part in parts:
        sx, sy = (np.sign(v[part, None] - v[part]) for v in (x, y))
        w = weights[:, part]
        if kind == "kendall":
            cross, xx, yy = (_form(w, m) for m in (sx * sy, sx**2, sy**2))
        else:
            # Sums of signs are mid-ranks, doubled and centred.
            rx, ry = w @ sx, w @ sy
            cross, xx, yy = ((w * m).sum(1) for m in (rx * ry, rx**2, ry**2))
        size = len(part) * (len(part) - 1)
        ordered = (xx > 0) & (yy > 0)
        total[ordered] += size * cross[ordered] / np.sqrt(xx[ordered] * yy[ordered])
        pairs[ordered] += size
    average: Floats = np.divide(total, pairs, out=np.full(len(total), NAN), where=pairs > 0)
    return average


def _form(weights: Floats, pairs: Floats) -> Floats:
    total: Floats = ((weights @ pairs) * weights).sum(1)
    return total


def _resampled(clusters: NDArray[np.generic], seed: int) -> Floats | None:
    """How often each agent is in each bootstrap sample of whole clusters, ``(B, N)``."""
    names, member = np.unique(clusters, return_inverse=True)
    if len(names) < 2:
        return None
    rng = stream(seed, "cluster bootstrap")
    equal = np.full(len(names), 1 / len(names))
    times = rng.multinomial(len(names), equal, size=REPLICATES)
    weights: Floats = times[:, member].astype(float)
    return weights


def _fieller(kind: Kind, value: float, n: int, confidence: float) -> Association:
    spread, lost = FIELLER[kind]
    if n <= lost:
        return Association(value, NAN, NAN, n, f"{n} agents are too few for an interval")
    if abs(value) > 1 - 1e-12:
        reason = "all pairs agree, which leaves no spread to take an interval from"
        return Association(value, NAN, NAN, n, reason)
    z = float(special.ndtri(0.5 + confidence / 2))
    half = z * np.sqrt(spread / (n - lost))
    low, high = np.tanh(np.arctanh(value) + np.array([-half, half]))
    return Association(value, float(low), float(high), n)
