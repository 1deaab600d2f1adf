"""An environment that has a window of seeds, registered with Gymnasium when this is imported."""

import gymnasium as gym
import numpy as np

SEEDS = range(100, 200)


class Window(gym.Env):
    """Guess the sign of a number for ten steps; only the seeds 100 to 199 exist."""

    metadata = {"render_modes": ["rgb_array"]}  # noqa: RUF012
    observation_space = gym.spaces.Box(-np.inf, np.inf, (2,), np.float32)
    action_space = gym.spaces.Discrete(2)

    def __init__(self, render_mode=None):
        self.render_mode = render_mode

    def _seen(self):
        self.number = self.np_random.normal()
        return np.array([self.number, 1], np.float32)

    def reset(self, *, seed=None, options=None):
        if seed not in SEEDS:
            raise ValueError(f"there is no level {seed}")
        super().reset(seed=seed)
        self.t = 0
        return self._seen(), {}

    def step(self, action):
        reward = float((self.number > 0) == action)
        self.t += 1
        return self._seen(), reward, self.t == 10, False, {}

    def render(self):
        return np.zeros((8, 8, 3), np.uint8)


gym.register("rlgen-test/Window-v0", Window)


def guess(observations):
    """Always right."""
    right = observations[:, 0] > 0
    return np.stack([~right, right], axis=1).astype(float)


def wide(observations):
    """Does not fit."""
    return np.full((len(observations), 3), 1 / 3)
