"""An environment whose observations are pictures."""

import gymnasium as gym
import numpy as np
from gymnasium import spaces


class Pictures(gym.Env):
    """Noise to look at."""

    metadata = {"render_modes": ["rgb_array"]}  # noqa: RUF012

    def __init__(self, render_mode=None):
        self.render_mode = render_mode
        self.observation_space = spaces.Box(0, 255, (36, 36, 3), np.uint8)
        self.action_space = spaces.Discrete(4)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.t = 0
        return self._seen(), {}

    def _seen(self):
        return self.np_random.integers(256, size=(36, 36, 3), dtype=np.uint8)

    def step(self, action):
        self.t += 1
        return self._seen(), 0.0, False, self.t > 20, {}


gym.register("rlgen-test/Pictures-v0", Pictures)
