"""Actions in a bounded box: clipping and uniform draws."""

import gymnasium as gym
import numpy as np

from rlgen.policies.base import Actions


def uniform(box: gym.spaces.Box, n: int, rng: np.random.Generator) -> Actions:
    """Actions drawn uniformly from the box, float32 ``(n, *action shape)``."""
    drawn = rng.uniform(box.low, box.high, (n, *box.shape)).astype(np.float32)
    return clipped(drawn, box)  # rounding to float32 may have left it


def clipped(actions: Actions, box: gym.spaces.Box) -> Actions:
    """The nearest actions within the box."""
    within: Actions = np.clip(actions, box.low, box.high).astype(np.float32, copy=False)
    return within
