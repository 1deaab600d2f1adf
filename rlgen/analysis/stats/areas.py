"""The area under the ROC curve, its standard error and its interval (method 3.2, item 1)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from rlgen.analysis.stats.association import DECIMALS

Floats = NDArray[np.float64]
NAN = float("nan")


@dataclass(frozen=True)
class Auc:
    """Area under the ROC curve.

    Attributes:
        value: In [0, 1]; .5 is chance.
        se: DeLong's standard error. 0 if the classes are apart or all drops are equal.
        low: Lower end of the interval.
        high: Upper end.
        n_positive: Overfitted agents.
        n_negative: Sound agents.
        reason: Why something is nan, or why the interval is a special one.
    """

    value: float
    se: float
    low: float
    high: float
    n_positive: int
    n_negative: int
    reason: str = ""


def auc(positive: ArrayLike, negative: ArrayLike, confidence: float = 0.95) -> Auc:
    """``P(D+ > D-) + P(D+ = D-) / 2`` with DeLong, DeLong & Clarke-Pearson's (1988) standard error.

    Drops that agree to nine decimals are tied: otherwise the rounding errors of exact evaluation
    would put agents with identical returns in an order.

    The interval is taken on the logit scale (Pepe 2003, chapter 5). Value ± 1.96 standard
    errors, clipped, held a true AUC of .95 in .85 of simulated studies of 20 + 20 agents, this one
    in .95. If all drops are tied it is the point .5. If the classes are wholly apart the standard
    error is 0, which says nothing about new agents; the interval is then Newcombe's (2006, method
    5), the score interval of Hanley & McNeil's variance: three against three agents wholly apart
    have [.50, 1].

    Args:
        positive: ``(P,)``, drops of overfitted agents, independent runs.
        negative: ``(N,)``, drops of sound agents.
        confidence: Confidence level of the interval.

    Returns:
        All nan for an empty class or a drop that is not finite; no interval for a class of one.

    Example:
        >>> round(auc([3.0, 2.0, 1.0], [0.0, 1.5]).value, 3)
        0.833
    """
    pos, neg = rounded(positive), rounded(negative)
    n1, n0 = len(pos), len(neg)
    if reason := unusable(pos, neg):
        return Auc(NAN, NAN, NAN, NAN, n1, n0, reason)
    v10, v01 = _placements(pos, neg)
    value = float(v10.mean())
    if min(n1, n0) < 2:
        return Auc(value, NAN, NAN, NAN, n1, n0, "a class of one agent has no spread")
    se = float(np.sqrt(v10.var(ddof=1) / n1 + v01.var(ddof=1) / n0))
    z = float(special.ndtri(0.5 + confidence / 2))
    if se == 0 and value == 0.5:
        return Auc(value, 0.0, value, value, n1, n0, "all drops are equal")
    if se == 0:
        low = _apart(n1, n0, z)
        low, high = (low, 1.0) if value == 1 else (0.0, 1 - low)
        return Auc(value, se, low, high, n1, n0, "wholly apart: Newcombe's interval")
    half = z * se / (value * (1 - value))
    low, high = special.expit(special.logit(value) + np.array([-half, half]))
    return Auc(value, se, float(low), float(high), n1, n0)


def roc(positive: ArrayLike, negative: ArrayLike) -> tuple[Floats, Floats]:
    """The ROC curve from (0, 0) to (1, 1): rates ``(fpr, tpr)`` of drops at or above a threshold.

    The area under its straight segments is ``auc``. Two empty arrays where ``auc`` is nan.
    """
    pos, neg = rounded(positive), rounded(negative)
    if unusable(pos, neg):
        return np.zeros(0), np.zeros(0)
    thresholds = np.unique(np.concatenate([pos, neg]))[::-1]
    fpr, tpr = (
        np.concatenate([[0.0], 1 - np.searchsorted(np.sort(drops), thresholds) / len(drops)])
        for drops in (neg, pos)
    )
    return fpr, tpr


def rounded(drops: ArrayLike) -> Floats:
    """Drops without the rounding errors of exact evaluation."""
    return np.round(np.asarray(drops, float).ravel(), DECIMALS)


def unusable(pos: Floats, neg: Floats) -> str:
    """Why these classes have no AUC; empty if they have."""
    for name, drops in (("overfitted", pos), ("sound", neg)):
        if not len(drops):
            return f"no {name} agents"
        if not np.isfinite(drops).all():
            return f"{(~np.isfinite(drops)).sum()} of {len(drops)} {name} agents have no drop"
    return ""


def _placements(pos: Floats, neg: Floats) -> tuple[Floats, Floats]:
    """Of each agent, the share of the other class that it is rightly placed against."""
    wins = (np.sign(pos[:, None] - neg) + 1) / 2
    return wins.mean(axis=1), wins.mean(axis=0)


def _apart(n1: int, n0: int, z: float) -> float:
    """The lowest AUC that a perfect separation does not contradict."""
    from scipy.optimize import brentq  # here, as few who import this module need it

    n = (n1 + n0) / 2

    def excess(area: float) -> float:
        shape = 2 * n - 1 - (3 * n - 3) / ((2 - area) * (1 + area))
        return (1 - area) - z**2 * area * shape / (n1 * n0)

    return float(brentq(excess, 0.0, 1.0))
