"""Delayed actions."""

import math

import gymnasium as gym
import numpy as np

from rlgen.perturbations.base import Channel, Ints, Perturbation, Strength, certain
from rlgen.perturbations.box import BoxChannel, Rows, same


class Delay(Perturbation):
    """Execute the action proposed some steps earlier; before that, do nothing (K-10)."""

    strength = Strength("delay, steps", 1, 0, 3, integer=True)
    regularises = True
    needs_noop = True

    def channel(self, strength: float, n_actions: int, noop: int) -> Channel:
        """The memory is the queue of proposed actions, oldest first, as digits of one number."""
        steps = int(strength)
        oldest = n_actions ** (steps - 1) if steps else 0
        waiting = sum(noop * n_actions**i for i in range(steps))

        def apply(memory: Ints, proposed: Ints, noise: Ints) -> tuple[Ints, Ints]:
            del noise
            if not oldest:
                return proposed, memory
            return memory // oldest, memory % oldest * n_actions + proposed

        return Channel(certain(waiting, n_actions**steps), np.ones(1), apply)

    def box_channel(self, strength: float, box: gym.spaces.Box, idle: Rows | None) -> BoxChannel:
        """The memory is the queue of proposed actions, oldest first."""
        assert idle is not None, "refused before: needs_noop"
        steps, size = int(strength), math.prod(box.shape)

        def apply(memory: Rows, proposed: Rows, rng: np.random.Generator) -> tuple[Rows, Rows]:
            del rng
            queue = np.hstack([memory, proposed])
            return queue[:, :size], queue[:, size:]

        return BoxChannel(steps * size, same(*np.tile(idle.ravel(), steps)), apply)


MEMBER = Delay()
