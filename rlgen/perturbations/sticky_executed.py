"""Sticky actions, the alternative: the previous *executed* action is repeated."""

import math

import gymnasium as gym
import numpy as np

from rlgen.perturbations.base import Channel, Floats, Ints, Perturbation, Strength, before_first
from rlgen.perturbations.box import BoxChannel, Rows, before_first_row, counted


class StickyExecuted(Perturbation):
    """With probability zeta, execute the previously executed action again.

    Zhang et al. 2018, section 4; K-04. This is what the Arcade Learning Environment's code does
    (method 1.9). At zeta 1 nothing but "stay" is ever executed, or, where no action stays, the
    first action proposed.
    """

    strength = Strength("probability of repeating the previous executed action", 0.25, 0, 1)
    regularises = True

    def channel(self, strength: float, n_actions: int, noop: int) -> Channel:
        """The memory is the previous executed action; ``n_actions`` where there is none yet."""

        def apply(memory: Ints, proposed: Ints, noise: Ints) -> tuple[Ints, Ints]:
            repeats = (noise == 1) & (memory < n_actions)
            executed = np.where(repeats, memory, proposed)
            return executed, executed

        noise: Floats = np.array([1 - strength, strength])
        return Channel(before_first(noop, n_actions), noise, apply)

    def box_channel(self, strength: float, box: gym.spaces.Box, idle: Rows | None) -> BoxChannel:
        """The memory is whether there was an action, and which."""
        size = math.prod(box.shape)

        def apply(memory: Rows, proposed: Rows, rng: np.random.Generator) -> tuple[Rows, Rows]:
            repeats = (rng.random(len(proposed)) < strength) & (memory[:, 0] > 0)
            executed = np.where(repeats[:, None], memory[:, 1:], proposed)
            return executed, counted(np.ones(len(proposed)), executed)

        return BoxChannel(1 + size, before_first_row(idle, size), apply)


MEMBER = StickyExecuted()
