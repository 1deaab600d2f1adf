"""Frame skipping: the policy decides only at some steps, and its action is held in between."""

import math

import gymnasium as gym
import numpy as np

from rlgen.perturbations.base import Channel, Ints, Perturbation, Strength, certain
from rlgen.perturbations.box import BoxChannel, Rows, counted, same


class FrameSkip(Perturbation):
    """Hold each action for a number of steps (K-09; Zhang et al. 2018, Table 1).

    Args:
        random: Draw the number uniformly from 1 to the strength at each decision.
    """

    strength = Strength("steps for which an action is held", 2, 1, 8, integer=True, identity=1)

    def __init__(self, *, random: bool) -> None:
        self.random = random

    def channel(self, strength: float, n_actions: int, noop: int) -> Channel:
        """At memory 0 the policy decides; ``1 + action * (steps - 1) + i`` holds i more steps."""
        del noop
        most = int(strength) - 1
        more_steps = np.arange(most + 1) if self.random else np.array([most])

        def apply(memory: Ints, proposed: Ints, noise: Ints) -> tuple[Ints, Ints]:
            if not most:
                return proposed, memory
            decides = memory == 0
            action = np.where(decides, proposed, (memory - 1) // most)
            # steps still to hold the action after this one
            left = np.where(decides, more_steps[noise], (memory - 1) % most)
            return action, np.where(left > 0, 1 + action * most + left - 1, 0)

        memories = 1 + n_actions * most
        noise = np.full(len(more_steps), 1 / len(more_steps))
        return Channel(certain(0, memories), noise, apply)

    def box_channel(self, strength: float, box: gym.spaces.Box, idle: Rows | None) -> BoxChannel:
        """The memory holds how many more steps the action is held, and the action."""
        del idle
        most = int(strength) - 1
        more_steps = np.arange(most + 1) if self.random else np.array([most])

        def apply(memory: Rows, proposed: Rows, rng: np.random.Generator) -> tuple[Rows, Rows]:
            left, decides = memory[:, 0] - 1, memory[:, 0] == 0
            action = np.where(decides[:, None], proposed, memory[:, 1:])
            drawn = more_steps[rng.integers(len(more_steps), size=len(proposed))]
            return action, counted(np.where(decides, drawn, left), action)

        width = 1 + math.prod(box.shape)
        return BoxChannel(width, same(*np.zeros(width)), apply)


FIXED = FrameSkip(random=False)
RANDOM = FrameSkip(random=True)
