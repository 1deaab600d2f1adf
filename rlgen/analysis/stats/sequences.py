"""Confidence sequences: intervals for a mean that may be looked at after every level (method 2.11).

The policy is frozen and levels are drawn independently, with replacement from a training pool.
With probability ``1 - alpha`` the mean lies in all intervals at once, so one may stop whenever one
likes. Values are scaled to [0, 1] beforehand (``scaled``); sequences run over the last axis.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
NAN = float("nan")
#: Returns are sums of rewards: one that misses its bound by rounding has not left the range.
ROUNDING = 1e-9
#: Means that the betting sequence tries.
GRID: Floats = (np.arange(1000) + 0.5) / 1000


@dataclass(frozen=True)
class Sequence:
    """An interval for the mean after each value.

    Attributes:
        low: ``(..., T)``.
        high: ``(..., T)``.
        reason: Why they are nan.
    """

    low: Floats
    high: Floats
    reason: str = ""

    def running(self) -> "Sequence":
        """The intersection of all intervals so far: never wider, and as sure.

        Its ends cross where the intervals contradict each other, which has probability ``alpha``.
        """
        low = np.maximum.accumulate(self.low, axis=-1)
        return Sequence(low, np.minimum.accumulate(self.high, axis=-1), self.reason)


def scaled(returns: ArrayLike, low: float, high: float) -> Floats:
    """Returns of a known range, ``low < high``, to [0, 1]."""
    values: Floats = (np.asarray(returns, float) - low) / (high - low)
    near = (values > -ROUNDING) & (values < 1 + ROUNDING)
    return np.where(near, np.clip(values, 0, 1), values)


def robbins(x: ArrayLike, alpha: float = 0.05, sigma: float = 0.5, rho: float = 0.1) -> Sequence:
    """Robbins' normal mixture (1970; Howard et al. 2021): uses no variance. Not clipped to [0, 1].

    Args:
        x: ``(..., T)``, in [0, 1].
        alpha: Chance that the mean leaves any of the intervals.
        sigma: Sub-Gaussian scale; .5 holds for all of [0, 1].
        rho: Tunes for about ``1 / rho**2`` values.
    """
    values, reason = _usable(x)
    if reason:
        return _none(values, reason)
    t = np.arange(1, values.shape[-1] + 1)
    mean, v = values.cumsum(axis=-1) / t, t * rho**2 + 1
    half = sigma * np.sqrt(2 * v / (t * rho) ** 2 * np.log(np.sqrt(v) / alpha))
    return Sequence(mean - half, mean + half)


def predictable_bernstein(x: ArrayLike, alpha: float = 0.05, c: float = 0.5) -> Sequence:
    """Predictable plug-in empirical Bernstein (Waudby-Smith & Ramdas 2024, theorem 2).

    Args:
        x: ``(..., T)``, in [0, 1].
        alpha: As in ``robbins``.
        c: Largest bet.
    """
    values, reason = _usable(x)
    if reason:
        return _none(values, reason)
    weight = np.minimum(bets(values, alpha), c)
    before, _ = _moments(values)
    variance = 4 * (values - before) ** 2
    psi = (-np.log1p(-weight) - weight) / 4
    total = weight.cumsum(axis=-1)
    mean = (weight * values).cumsum(axis=-1) / total
    half = (np.log(2 / alpha) + (variance * psi).cumsum(axis=-1)) / total
    return Sequence(np.clip(mean - half, 0, 1), np.clip(mean + half, 0, 1))


def betting(
    x: ArrayLike, alpha: float = 0.05, c: float = 0.5, theta: float = 0.5, grid: Floats = GRID
) -> Sequence:
    """Hedged betting (Waudby-Smith & Ramdas 2024, theorem 3): the tightest, and the slowest.

    A mean is dropped when a gambler who bets on both sides of it has multiplied his stake by
    ``1 / alpha``.

    Args:
        x: ``(..., T)``, in [0, 1].
        alpha: As in ``robbins``.
        c: Largest share of the stake in one bet.
        theta: Share of the stake on the mean being higher.
        grid: Means tried; ends of the intervals are the outermost ones kept. Memory is ``T`` times
            their number.

    Returns:
        nan where no mean is left, which has probability ``alpha`` at most.
    """
    values, reason = _usable(x)
    if reason:
        return _none(values, reason)
    bet, v = bets(values, alpha), values[..., None]
    higher = np.minimum(bet[..., None], c / grid) * (v - grid)
    lower = -np.minimum(bet[..., None], c / (1 - grid)) * (v - grid)
    up, down = (np.log1p(gain).cumsum(axis=-2) for gain in (higher, lower))
    capital = np.maximum(np.log(theta) + up, np.log(1 - theta) + down)
    kept = capital < -np.log(alpha)
    some = kept.any(axis=-1)
    first, last = kept.argmax(axis=-1), kept[..., ::-1].argmax(axis=-1)
    return Sequence(np.where(some, grid[first], NAN), np.where(some, grid[::-1][last], NAN))


def bets(x: Floats, alpha: float, horizon: int | None = None) -> Floats:
    """Bets, each from the values before it only, for ``x`` of ``(..., T)``.

    Args:
        x: In [0, 1].
        alpha: Of a two-sided sequence.
        horizon: Number of values to bet best for; any number unless given.
    """
    t = np.arange(1, x.shape[-1] + 1)
    _, variance = _moments(x)
    length = t * np.log1p(t) if horizon is None else horizon
    bet: Floats = np.sqrt(2 * np.log(2 / alpha) / (variance * length))
    return bet


def log_capital(x: Floats, bet: Floats, mean: float, c: float = 0.5) -> Floats:
    """Logarithm of what betting on a mean above ``mean`` has made of 1, ``(..., T)``."""
    share = np.minimum(bet, c / mean) if mean > 0 else bet
    total: Floats = np.log1p(share * (x - mean)).cumsum(axis=-1)
    return total


@dataclass(frozen=True)
class Alarm:
    """Whether, and when, overfitting was proved.

    Attributes:
        after: Number of levels of each pool seen when the alarm was first raised; None for never.
        gap_low: ``(T,)``, lower bound of the gap, in units of return, at each time.
        reason: Why it is nan.
    """

    after: int | None
    gap_low: Floats
    reason: str = ""


def spent(alpha: float, checkpoint: int) -> float:
    """Alpha for the first, second, ... checkpoint of a run; over all they sum to ``alpha``."""
    if checkpoint < 1:
        raise ValueError(f"checkpoint {checkpoint}: they are counted from 1")
    return 6 * alpha / (np.pi * checkpoint) ** 2


def overfitting_alarm(
    train: ArrayLike,
    test: ArrayLike,
    low: float,
    high: float,
    *,
    delta: float = 0.0,
    alpha: float = 0.05,
    sequence: Callable[[ArrayLike, float], Sequence] = betting,
) -> Alarm:
    """Raise an alarm once the gap is proved to exceed ``delta``, looking after every level.

    Args:
        train: ``(T,)``, return of one frozen checkpoint on training levels drawn with replacement.
        test: ``(T,)``, its return on held-out levels, independent draws.
        low: Lowest possible return.
        high: Highest possible return.
        delta: Gap that is allowed, in units of return.
        alpha: Chance of a false alarm, ever; for one of many checkpoints ``spent(alpha, k)``.
        sequence: The confidence sequence; both pools' have half of alpha.
    """
    if not low < high:
        return Alarm(None, np.full(np.shape(test), NAN), f"range [{low:g}, {high:g}] is empty")
    seen, new = (sequence(scaled(pool, low, high), alpha / 2).running() for pool in (train, test))
    if seen.low.shape != new.low.shape:
        raise ValueError(
            f"{seen.low.size} training and {new.low.size} test levels: must be as many"
        )
    if reason := seen.reason or new.reason:
        return Alarm(None, np.full(new.low.shape, NAN), reason)
    gap_low = (seen.low - new.high) * (high - low)
    over = np.flatnonzero(gap_low > delta)
    return Alarm(int(over[0]) + 1 if len(over) else None, gap_low)


def _moments(x: Floats) -> tuple[Floats, Floats]:
    """Mean and variance before each value, shrunk towards 1/2 and 1/4."""
    t = np.arange(1, x.shape[-1] + 1)
    mean = (0.5 + x.cumsum(axis=-1)) / (t + 1)
    variance = (0.25 + ((x - mean) ** 2).cumsum(axis=-1)) / (t + 1)
    start = np.ones((*x.shape[:-1], 1))
    return (
        np.concatenate([start / 2, mean[..., :-1]], axis=-1),
        np.concatenate([start / 4, variance[..., :-1]], axis=-1),
    )


def _usable(x: ArrayLike) -> tuple[Floats, str]:
    values = np.asarray(x, float)
    if not values.size:
        return values, "no levels"
    if np.isnan(values).any():
        return values, f"{np.isnan(values).sum()} of {values.size} returns are nan"
    if values.min() < 0 or values.max() > 1:
        worst = values.min() if values.min() < 0 else values.max()
        return values, f"value {worst:g} is outside [0, 1], the scaled range of returns"
    return values, ""


def _none(values: Floats, reason: str) -> Sequence:
    return Sequence(np.full(values.shape, NAN), np.full(values.shape, NAN), reason)
