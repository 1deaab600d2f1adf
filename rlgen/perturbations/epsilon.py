"""Random actions."""

import gymnasium as gym
import numpy as np

from rlgen.perturbations.base import Channel, Ints, Perturbation, Strength
from rlgen.perturbations.box import BoxChannel, Rows, same
from rlgen.policies.box import uniform


class Epsilon(Perturbation):
    """With probability epsilon, execute a uniformly random action (K-02)."""

    strength = Strength("probability of a uniformly random action", 0.05, 0, 1)
    regularises = True

    def channel(self, strength: float, n_actions: int, noop: int) -> Channel:
        """Noise value 0 keeps the proposed action; value ``1 + a`` executes ``a``."""
        del noop

        def apply(memory: Ints, proposed: Ints, noise: Ints) -> tuple[Ints, Ints]:
            return np.where(noise > 0, noise - 1, proposed), memory

        noise = np.full(1 + n_actions, strength / n_actions)
        noise[0] = 1 - strength
        return Channel(np.ones(1), noise, apply)

    def box_channel(self, strength: float, box: gym.spaces.Box, idle: Rows | None) -> BoxChannel:
        """A channel without memory."""
        del idle

        def apply(memory: Rows, proposed: Rows, rng: np.random.Generator) -> tuple[Rows, Rows]:
            random = rng.random(len(proposed)) < strength
            drawn = uniform(box, len(proposed), rng).reshape(proposed.shape)
            return np.where(random[:, None], drawn, proposed), memory

        return BoxChannel(0, same(), apply)


MEMBER = Epsilon()
