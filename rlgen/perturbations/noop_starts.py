"""No-op starts: episodes begin with do-nothing steps."""

import gymnasium as gym
import numpy as np

from rlgen.perturbations.base import Channel, Ints, Perturbation, Strength
from rlgen.perturbations.box import BoxChannel, Rows


class NoopStarts(Perturbation):
    """Begin with k do-nothing steps, k uniform from 1 to the strength (K-07).

    The steps count towards the time limit. In a world that stands still while the agent does,
    nothing else changes: there it is a negative control.
    """

    strength = Strength("largest number of no-op steps", 30, 0, 100, integer=True)
    regularises = True
    needs_noop = True

    def channel(self, strength: float, n_actions: int, noop: int) -> Channel:
        """The memory is the number of no-ops that are left."""
        del n_actions
        most = int(strength)

        def apply(memory: Ints, proposed: Ints, noise: Ints) -> tuple[Ints, Ints]:
            del noise
            return np.where(memory > 0, noop, proposed), np.maximum(memory - 1, 0)

        start = np.full(most + 1, 1 / max(most, 1))
        start[0] = most == 0
        return Channel(start, np.ones(1), apply)

    def box_channel(self, strength: float, box: gym.spaces.Box, idle: Rows | None) -> BoxChannel:
        """The memory is the number of no-ops that are left."""
        del box
        assert idle is not None, "refused before: needs_noop"
        most, nothing = int(strength), idle.ravel()

        def start(n: int, rng: np.random.Generator) -> Rows:
            return rng.integers(min(most, 1), most + 1, size=(n, 1)).astype(np.float32)

        def apply(memory: Rows, proposed: Rows, rng: np.random.Generator) -> tuple[Rows, Rows]:
            del rng
            return np.where(memory > 0, nothing, proposed), np.maximum(memory - 1, 0)

        return BoxChannel(1, start, apply)


MEMBER = NoopStarts()
