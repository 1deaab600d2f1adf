"""Gaussian observation noise, in units of the observations' own scale."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlgen.errors import ProtocolError
from rlgen.levels.capabilities import masks
from rlgen.levels.family import Family, Levels
from rlgen.levels.split import SCALE_LEVELS
from rlgen.policies.base import restricted, sample
from rlgen.policies.box import uniform
from rlgen.util.seeding import library_seed, stream

Floats = NDArray[np.float32]

#: Steps on each level on which the scale of vectors is measured.
STEPS = 200


class Noise:
    """Adds noise to the observations of a family.

    For pictures (three axes, finite range) the unit of the standard deviation is the range of the
    observation space; for all other observations it is, separately for each entry, its standard
    deviation in uniformly random play of some levels: ``Family.scale_source``, so that all pools of
    a study have the same noise, or else the first of those that are played. An entry that is
    constant there gets none. Noisy observations are clipped to the observation space.

    Args:
        family: A family with ``continuous`` observations.
        levels: The levels that are played, at least one.
        strength: Standard deviation, in this unit.

    Raises:
        ProtocolError: If the observations are not continuous.
    """

    def __init__(self, family: Family, levels: Levels, strength: float) -> None:
        if not family.continuous:
            raise ProtocolError(f"{family.name}: no noise can be added to its observations")
        self._space = family.observation_space
        played = family, tuple(map(int, levels.ids[:SCALE_LEVELS]))
        self._deviation = np.float32(strength) * scale(*(family.scale_source or played))

    def __call__(self, observations: Any, rng: np.random.Generator) -> Floats:
        """Observations ``(B, ...)`` with noise, float32."""
        drawn = rng.standard_normal(np.shape(observations), np.float32)
        noisy = np.asarray(observations, np.float32) + self._deviation * drawn
        clipped: Floats = np.clip(noisy, self._space.low, self._space.high)
        return clipped


@lru_cache(maxsize=16)
def scale(family: Family, ids: tuple[int, ...]) -> Floats:
    """The unit of noise of each entry of an observation, float32 of its shape.

    Args:
        family: The family.
        ids: Ids of the levels on which it is measured.
    """
    space = family.observation_space
    if len(space.shape) == 3 and space.is_bounded():
        extent: Floats = np.asarray(space.high - space.low, np.float32)
        return extent
    levels = family.generate(ids)
    env = family.vector_env(levels, len(ids))
    rng = stream(0, "observation scale", family.name)
    seed = library_seed(0, "observation scale", family.name)
    observations, _ = env.reset(seed=seed, options={"level": levels.ids})
    # Running sums: storing all observations would fill the memory where they are pictures.
    origin = np.asarray(observations, np.float64).mean(axis=0)
    total, squares, count = np.zeros_like(origin), np.zeros_like(origin), 0
    for _ in range(STEPS):
        centred = np.asarray(observations, np.float64) - origin
        total += centred.sum(axis=0)
        squares += (centred**2).sum(axis=0)
        count += len(centred)
        box = family.box
        if box is not None:
            actions = uniform(box, len(ids), rng)
        elif family.masked:
            valid = masks(env)
            actions = sample(restricted(valid / family.n_actions, valid), rng)
        else:
            actions = rng.integers(family.n_actions, size=len(ids))
        observations, *_ = env.step(actions)
    env.close()
    variance = squares / count - (total / count) ** 2
    deviation: Floats = np.sqrt(np.maximum(variance, 0)).astype(np.float32)
    return deviation
