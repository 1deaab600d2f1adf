"""Actions in a bounded box: clipping, uniform draws, and the uniformly random policy."""

from typing import Any

import gymnasium as gym
import numpy as np

from rlgen.policies.base import Actions, ContinuousPolicy, Observations


def uniform(box: gym.spaces.Box, n: int, rng: np.random.Generator) -> Actions:
    """Actions drawn uniformly from the box, float32 ``(n, *action shape)``."""
    drawn = rng.uniform(box.low, box.high, (n, *box.shape)).astype(np.float32)
    return clipped(drawn, box)  # rounding to float32 may have left it


def clipped(actions: Actions, box: gym.spaces.Box) -> Actions:
    """The nearest actions within the box."""
    within: Actions = np.clip(actions, box.low, box.high).astype(np.float32, copy=False)
    return within


class UniformContinuous(ContinuousPolicy):
    """Uniformly random actions; the greedy action is the middle of the box."""

    def __init__(self, box: gym.spaces.Box) -> None:
        self._box = box

    def act(
        self, observations: Observations, memory: Any, rng: np.random.Generator | None
    ) -> tuple[Actions, Any]:
        """See ``ContinuousPolicy.act``."""
        n = len(observations)
        if rng is None:
            middle = (self._box.low + self._box.high) / 2
            return np.repeat(middle[None], n, axis=0), memory
        return uniform(self._box, n, rng), memory
