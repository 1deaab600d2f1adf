"""Sign flips of object rewards: the randomization test (Zhang et al. 2018, section 3.3)."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rlgen.util.seeding import stream
from rlgen_envs.maze.rules import BASE_VALUES, BEST_RETURN, KEY_VALUE

Rescale = Literal["objects", "all"]
Discard = Literal["flips", "level"]


def values(
    flipped: NDArray[np.bool_], rescale: Rescale = "objects"
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Rewards after flips, rescaled so that the best return of a level stays 2.1.

    Args:
        flipped: bool ``(L, 5)``; whether red, blue, bomb, thunder and key change their sign.
        rescale: ``"objects"``: the four objects become sign x 2/k with k positive ones and the key
            stays 0.1 (resolution B, A-02). ``"all"``: every reward, the key's included, is
            multiplied by 2.1 over the sum of the positive objects and the key.

    Returns:
        Rewards, float64 ``(L, 5)``, and whether the level can pay 2.1 at all, bool ``(L,)``. If
        not, its rewards are the flipped ones without rescaling.
    """
    base = np.array([*BASE_VALUES, KEY_VALUE])
    signed = np.where(flipped, -base, base)
    positive = (signed[:, :4] > 0).sum(axis=1)
    out = signed.copy()
    if rescale == "objects":
        valid = positive > 0
        out[valid, :4] = np.sign(signed[valid, :4]) * (2.0 / positive[valid])[:, None]
    else:
        best = positive + signed[:, 4]
        valid = (positive > 0) & (best > 0)
        out[valid] = signed[valid] * (BEST_RETURN / best[valid])[:, None]
    return out, valid


def draw(
    ids: NDArray[np.int64],
    path: tuple[str | int, ...],
    flip_p: float,
    *,
    flip_key: bool = False,
    rescale: Rescale = "objects",
    discard: Discard = "flips",
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Draw the rewards of each level.

    A level's uniform numbers do not depend on ``flip_p``, so an object flipped at one probability
    is flipped at every higher one (until a redraw): common random numbers across conditions.

    Args:
        ids: Level ids, ``(L,)``.
        path: Names of the stream; the id is the seed.
        flip_p: Flip probability.
        flip_key: Whether the key's reward flips too (A-01).
        rescale: See ``values``.
        discard: ``"flips"`` draws a level's flips again if it cannot pay 2.1 (A-04); ``"level"``
            keeps them and marks the level as not usable.

    Returns:
        Rewards float64 ``(L, 5)`` of red, blue, bomb, thunder, key; bool ``(L,)``: usable.
    """
    flipped = np.zeros((len(ids), 5), np.bool_)
    if flip_p > 0:
        for row, level_id in zip(flipped, ids, strict=True):
            rng = stream(int(level_id), *path, "flips")
            while True:
                row[:] = rng.random(5) < flip_p
                row[4] &= flip_key
                if discard == "level" or values(row[None], rescale)[1][0]:
                    break
    return values(flipped, rescale)
