"""Normalised scores, and the return above which training must have memorised (method 1.6, 2.1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import ArrayLike

from rlgen.analysis.stats.intervals import NAN, Floats
from rlgen.errors import RlgenError

#: Planner and random agent whose returns are nearer than this count as equal.
APART = 1e-9
#: Why there is no score, and what gives one.
NO_SCALE = (
    "there is no random or optimal return to compare with: --option best=X --option worst=X, or "
    "oracle and random in an imported table, give them"
)


def normalised_score(returns: ArrayLike, oracle: ArrayLike, random: ArrayLike) -> Floats:
    """Returns scaled level by level: 0 is the random agent, 1 the planner.

    Args:
        returns: Any shape.
        oracle: The planner's returns on the same levels; broadcast.
        random: The uniformly random agent's returns; broadcast.

    Returns:
        The broadcast shape; nan where a return is nan, or planner and random agent are equal.

    Example:
        >>> normalised_score([0.9, 2.1], oracle=2.1, random=-0.3).round(2).tolist()
        [0.5, 1.0]
    """
    base = np.asarray(random, np.float64)
    span = np.asarray(oracle, np.float64) - base
    score: Floats = (np.asarray(returns, np.float64) - base) / np.where(span > APART, span, NAN)
    return score


@dataclass(frozen=True)
class Ceiling:
    """The best return in training of a policy that knows object types but not levels.

    Attributes:
        values: Expected reward of each object type after flips.
        discarded: Probability that flips are drawn again as no object is positive.
        train: Its best training return C(p), taking only objects that pay on average.
        test: Its return on unflipped levels.
    """

    values: tuple[float, ...]
    discarded: float
    train: float
    test: float


def ceiling(base: Sequence[float], flip_p: float, sure: float) -> Ceiling:
    """Memorisation ceiling C(p) of a memoryless policy, from the definition of flips.

    Each object's sign changes independently with ``flip_p``. With k positive objects each is then
    worth its sign times ``total / k``, where ``total`` is what the positive objects are worth
    unflipped; patterns with k = 0 are drawn again (resolution B, method 1.4). Signs do not depend
    on the layout, so a training return above C(p) is memorised. It assumes that any object can be
    avoided.

    Args:
        base: Rewards of the objects that can flip, unflipped.
        flip_p: Flip probability, from 0 to 1.
        sure: Further return of every sensible policy, such as that of taking the key.

    Raises:
        RlgenError: If ``flip_p`` is not a probability, or no pattern has a positive object.
    """
    patterns, discarded = _patterns(base, flip_p)
    values = tuple(float(sum(w * r[i] for w, r in patterns)) for i in range(len(base)))
    taken = [value > 0 for value in values]
    train = sum(value for value, take in zip(values, taken, strict=True) if take)
    test = sum(reward for reward, take in zip(base, taken, strict=True) if take)
    return Ceiling(values, discarded, sure + train, sure + test)


_Patterns = list[tuple[float, tuple[float, ...]]]


def _patterns(base: Sequence[float], flip_p: float) -> tuple[_Patterns, float]:
    """Probability and rewards of each flip pattern that is kept, and the share that is not."""
    if not 0 <= flip_p <= 1:
        raise RlgenError(f"flip_p = {flip_p}: must be from 0 to 1")
    total = sum(value for value in base if value > 0)
    kept: _Patterns = []
    for flips in product((False, True), repeat=len(base)):
        chance = float(np.prod([flip_p if flip else 1 - flip_p for flip in flips]))
        positive = [(value > 0) != flip for value, flip in zip(base, flips, strict=True)]
        if chance and any(positive):
            worth = total / sum(positive)
            kept.append((chance, tuple(worth if up else -worth for up in positive)))
    mass = sum(chance for chance, _ in kept)
    if not mass:
        raise RlgenError(f"flip_p = {flip_p}: of {list(base)} no object is ever positive")
    return [(chance / mass, rewards) for chance, rewards in kept], max(1 - mass, 0.0)


@dataclass(frozen=True)
class Excess:
    """Training return above the ceiling (method 1.6).

    Attributes:
        excess: M, the training return less C(p); memorised where positive.
        fraction: M over what there is to memorise, the best return less C(p).
        reason: Why either is nan.
    """

    excess: float
    fraction: float
    reason: str = ""


def memorisation_excess(train_return: float, ceiling: float, best: float) -> Excess:
    """Excess of a training return over the ceiling.

    Args:
        train_return: Mean training return.
        ceiling: ``ceiling(...).train``: that of a policy without memory.
        best: The planner's return.
    """
    if not np.isfinite([train_return, ceiling, best]).all():
        return Excess(NAN, NAN, "a return is not a number")
    excess, room = train_return - ceiling, best - ceiling
    if room <= APART:
        return Excess(excess, NAN, "nothing to memorise: the ceiling is the best return")
    return Excess(excess, excess / room)
