"""An environment that is registered with Gymnasium when this is imported."""

import gymnasium as gym
import numpy as np
from gymnasium import spaces


class Walk(gym.Env):
    """From a seeded place to the right end of a corridor; told apart by how it misbehaves."""

    metadata = {"render_modes": ["rgb_array"]}  # noqa: RUF012

    def __init__(self, space="dict", fault="", render_mode=None):
        self.render_mode, self.fault, self.space = render_mode, fault, space
        picture = spaces.Box(0, 255, (3, 8, 3), np.uint8)
        if space == "dict":
            parts = {"picture": picture, "side": spaces.Discrete(4), "told": spaces.Text(9)}
            self.observation_space = spaces.Dict(parts)
        else:
            self.observation_space = picture
        self.action_space = spaces.Discrete(3, start=5)
        self.calls = 0

    def _seen(self):
        picture = np.zeros((3, 8, 3), np.uint8)
        picture[1, self.place] = 255
        told = {"picture": picture, "side": self.place % 4, "told": "walk"}
        return told if self.space == "dict" else picture

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.calls += 1
        self.place = int(self.np_random.integers(5))
        self.t = 0
        if self.fault == "start":
            self.place = self.calls % 5
        return self._seen(), {}

    def get_action_meanings(self):
        return ["LEFT", "RIGHT", "NOOP"]

    def step(self, action):
        assert action in self.action_space
        self.t += 1
        if self.fault == "raises" and self.t == 3:
            raise RuntimeError("the walk broke")
        move = {5: -1, 6: 1, 7: 0}[int(action)]
        if self.fault == "step":
            move *= self.calls % 2
        self.place = min(max(self.place + move, 0), 7)
        reward = float("nan") if self.fault == "nan" else float(self.place == 7)
        done = self.place == 7
        info = {"is_success": done} if self.fault != "untold" else {}
        return self._seen(), reward, done, self.t >= 30, info

    def render(self):
        return None if self.fault == "blind" else np.zeros((16, 16, 3), np.uint8)


gym.register("rlgen-test/Walk-v0", Walk)
