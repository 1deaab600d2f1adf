"""Environments that say which actions are valid, registered with Gymnasium when imported."""

import gymnasium as gym
import numpy as np


class Doors(gym.Env):
    """Ten steps with four doors of which some are open; the open one with the highest number pays.

    What shows is which door the others point at, so that without masks no observation says enough.
    """

    observation_space = gym.spaces.Box(0, 1, (4,), np.float32)
    action_space = gym.spaces.Discrete(4)
    strict = False

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.t = 0
        self._draw()
        return self._pointed(), self._info()

    def _draw(self):
        self.open = self.np_random.random(4) < 0.5
        self.open[self.np_random.integers(4)] = True

    def _pointed(self):
        return np.eye(4, dtype=np.float32)[self.t % 4]

    def _info(self):
        return {}

    def step(self, action):
        if not self.open[action]:
            if self.strict:
                raise ValueError("a closed door")
            reward = -1.0
        else:
            reward = float(action == np.flatnonzero(self.open)[-1])
        self.t += 1
        self._draw()
        return self._pointed(), reward, self.t == 10, False, self._info()


class Masked(Doors):
    """Says it as sb3-contrib asks."""

    def action_masks(self):
        return self.open


class Strict(Masked):
    """Raises on an action that is not valid; its masks are lists of whole numbers."""

    strict = True

    def action_masks(self):
        return [int(door) for door in self.open]


class Informed(Doors):
    """Says it in info, as Gymnasium's Taxi does."""

    def _info(self):
        return {"action_mask": self.open.astype(np.int8)}


class Unruly(Masked):
    """Masks of another length."""

    def action_masks(self):
        return self.open[:3]


class Unstable(Masked):
    """Masks that no seed decides."""

    def action_masks(self):
        return np.random.default_rng().random(4) < [0.5, 0.5, 0.5, 2]  # noqa: TID251


for _cls in (Doors, Masked, Strict, Informed, Unruly, Unstable):
    gym.register(f"rlgen-test/{_cls.__name__}-v0", _cls)


def eager(observations):
    """Prefers the door with the highest number, whatever shows."""
    return np.tile([0.001, 0.01, 0.1, 0.889], (len(observations), 1))
