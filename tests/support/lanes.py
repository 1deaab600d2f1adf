"""An environment of a user's own, which nothing registers: seeds decide its open lanes."""

import gymnasium as gym
import numpy as np

ROWS = 8


class Lanes(gym.Env):
    """Three lanes, one of them open in each of eight rows; the return is how many were passed."""

    observation_space = gym.spaces.Box(0, 1, (ROWS + 3,), np.float32)
    action_space = gym.spaces.Discrete(3)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.options = options
        self.open = self.np_random.integers(3, size=ROWS)
        self.row = 0
        return self._seen(), {}

    def _seen(self):
        seen = np.zeros(ROWS + 3, np.float32)
        if self.row < ROWS:
            seen[self.row] = seen[ROWS + self.open[self.row]] = 1
        return seen

    def step(self, action):
        passed = action == self.open[self.row]
        self.row += 1
        done = self.row == ROWS
        info = {"is_success": bool(passed)} if done else {}
        return self._seen(), float(passed), done, False, info


def right(observations):
    """The best policy: action probabilities ``(B, 3)``."""
    return observations[:, ROWS:] + 1e-9 / (observations[:, ROWS:].sum(1, keepdims=True) + 1)
