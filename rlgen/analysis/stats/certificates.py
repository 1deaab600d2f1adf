"""Lower bounds on the mean return of a frozen policy over new levels (method 2.10).

They hold for levels drawn independently from one generator, and only if nothing about the policy
was chosen on these levels. They speak of that generator's levels and of nothing wider.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Floats = NDArray[np.float64]
NAN = float("nan")
#: Returns are sums of rewards, which many environments give in float32: one that misses its bound
#: by this share of it has not left the range.
ROUNDING = 1e-5
#: The largest share of the range by which a return that missed it is cut.
MOST_CUT = 0.01
#: Largest share of the stake in one bet.
SHARE = 0.5


@dataclass(frozen=True)
class Certificate:
    """What can be promised with a stated confidence.

    Attributes:
        lower: The mean is at least this, with probability ``confidence``; nan if refused.
        method: Name of the bound.
        n: Levels it rests on.
        confidence: Of the statement, of both ends together where there are two.
        upper: The other end of a two-sided interval; nan where only a lower bound was asked for.
        reason: Why there is none.
    """

    lower: float
    method: str
    n: int
    confidence: float
    upper: float = NAN
    reason: str = ""


def betting(returns: ArrayLike, low: float, high: float, confidence: float = 0.95) -> Certificate:
    """Lower bound on the mean return by betting (Waudby-Smith & Ramdas 2024, section 4).

    The lower half of their hedged capital with bets made for ``L`` levels: a gambler who bets that
    the mean lies above ``m`` gets rich on fair terms with probability below ``1 - confidence``;
    the bound is the largest ``m`` at which he did, at any time. The number depends a little on the
    order of the levels, which must not depend on the returns: that of the pool does not.

    Args:
        returns: ``(L,)``, exact return of the policy on each level, in ``[low, high]``.
        low: Lowest possible return.
        high: Highest possible return.
        confidence: Probability with which the bound holds.

    Returns:
        ``lower`` is nan with a reason where a return is nan or outside its range, where the range
        is empty, and where there are no levels.

    Example:
        >>> bound = betting([2.1, 2.1, 0.0, 2.1] * 25, low=-1.0, high=2.1)
        >>> bool(1.2 < bound.lower < 1.575), bound.n
        (True, 100)
    """
    values, reason = _inside(returns, low, high)
    n = len(values)
    if reason:
        return Certificate(NAN, "betting", n, confidence, reason=reason)
    from scipy.optimize import brentq  # here, as few who import this module need it

    x, rich = (values - low) / (high - low), -np.log(1 - confidence)
    # Both ends of the hedged interval spend half of alpha each; here there is one end.
    bet = bets(x, 2 * (1 - confidence))

    def profit(mean: float) -> float:
        # Falls as the mean rises, so that there is one root and no grid is needed.
        return float(np.maximum.reduce(log_capital(x, bet, mean)) - rich)

    lower = 0.0 if profit(0.0) < 0 else float(brentq(profit, 0.0, 1.0))
    return Certificate(low + lower * (high - low), "betting", n, confidence)


def bets(x: Floats, alpha: float) -> Floats:
    """Bets, each from the values before it only, best for as many values as there are.

    Args:
        x: ``(n,)``, in [0, 1].
        alpha: Of a two-sided interval.

    Returns:
        ``(n,)``.
    """
    bet: Floats = np.sqrt(2 * np.log(2 / alpha) / (_variances(x) * len(x)))
    return bet


def log_capital(x: Floats, bet: Floats, mean: float) -> Floats:
    """Logarithm of what betting on a mean above ``mean`` has made of 1, ``(n,)``."""
    share = np.minimum(bet, SHARE / mean) if mean > 0 else bet
    total: Floats = np.log1p(share * (x - mean)).cumsum()
    return total


def _variances(x: Floats) -> Floats:
    """Variance before each value, shrunk towards 1/4; the mean that it is about towards 1/2."""
    t = np.arange(1, len(x) + 1)
    mean = (0.5 + x.cumsum()) / (t + 1)
    variance = (0.25 + ((x - mean) ** 2).cumsum()) / (t + 1)
    return np.concatenate([[0.25], variance[:-1]])


def clopper_pearson(
    k: float, n: int, confidence: float = 0.95, *, two_sided: bool = False
) -> Certificate:
    """Clopper & Pearson's (1934) exact bound on a probability, such as that of solving a level.

    Args:
        k: Successes, a whole number.
        n: Independent trials: levels of one policy, or runs of one algorithm.
        confidence: Of the bound, or of the interval.
        two_sided: Whether to bound the probability from above as well.
    """
    method = "Clopper-Pearson"
    if n < 1 or not 0 <= k <= n or k != int(k):
        reason = f"{k:g} of {n} trials: must be a whole number from 0 to n, of one trial or more"
        return Certificate(NAN, method, n, confidence, reason=reason)
    tail = (1 - confidence) / (2 if two_sided else 1)
    lower = float(special.betaincinv(k, n - k + 1, tail)) if k else 0.0
    if not two_sided:
        return Certificate(lower, method, n, confidence)
    upper = float(special.betaincinv(k + 1, n - k, 1 - tail)) if k < n else 1.0
    return Certificate(lower, method, n, confidence, upper)


def rounding(low: float, high: float) -> float:
    """How far a return may lie beyond these bounds by rounding alone."""
    return ROUNDING * max(high - low, abs(low), abs(high))


def _inside(returns: ArrayLike, low: float, high: float) -> tuple[Floats, str]:
    """The returns in their range, and why they cannot be used."""
    values = np.asarray(returns, float).ravel()
    if not len(values):
        return values, "no levels"
    if not low < high:
        return values, f"range [{low:g}, {high:g}] is empty"
    if np.isnan(values).any():
        return values, f"{np.isnan(values).sum()} of {len(values)} returns are nan"
    # Beyond more than that a return would be cut by what is not rounding.
    slack = min(rounding(low, high), MOST_CUT * (high - low))
    if values.min() < low - slack or values.max() > high + slack:
        worst = values.min() if values.min() < low - slack else values.max()
        return values, f"return {worst:g} is outside [{low:g}, {high:g}]"
    return np.clip(values, low, high), ""
