"""Sticky actions, the default: the previous *proposed* action is repeated."""

import math

import gymnasium as gym
import numpy as np

from rlgen.perturbations.base import Channel, Floats, Ints, Perturbation, Strength, before_first
from rlgen.perturbations.box import BoxChannel, Rows, before_first_row, counted


class StickyProposed(Perturbation):
    """With probability zeta, execute the previously proposed action.

    Zhang et al. 2018, section 4; K-03. Before the first step the previous action is "stay"
    (A-27), and where no action stays nothing is repeated at it. At zeta 1 this is a delay of one
    step.
    """

    strength = Strength("probability of repeating the previous proposed action", 0.25, 0, 1)
    regularises = True

    def channel(self, strength: float, n_actions: int, noop: int) -> Channel:
        """The memory is the previous proposed action; ``n_actions`` where there is none yet."""

        def apply(memory: Ints, proposed: Ints, noise: Ints) -> tuple[Ints, Ints]:
            repeats = (noise == 1) & (memory < n_actions)
            return np.where(repeats, memory, proposed), proposed

        noise: Floats = np.array([1 - strength, strength])
        return Channel(before_first(noop, n_actions), noise, apply)

    def box_channel(self, strength: float, box: gym.spaces.Box, idle: Rows | None) -> BoxChannel:
        """The memory is whether there was an action, and which."""
        size = math.prod(box.shape)

        def apply(memory: Rows, proposed: Rows, rng: np.random.Generator) -> tuple[Rows, Rows]:
            repeats = (rng.random(len(proposed)) < strength) & (memory[:, 0] > 0)
            executed = np.where(repeats[:, None], memory[:, 1:], proposed)
            return executed, counted(np.ones(len(proposed)), proposed)

        return BoxChannel(1 + size, before_first_row(idle, size), apply)


MEMBER = StickyProposed()
