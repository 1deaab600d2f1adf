"""An environment with actions that are vectors, registered with Gymnasium when this is imported."""

import gymnasium as gym
import numpy as np
from gymnasium import spaces

LOW, HIGH = np.array([-1.0, -2.0]), np.array([1.0, 3.0])
ROWS = [edge[None].repeat(3, 0).astype(np.float32) for edge in (LOW, HIGH)]
ACTIONS = {
    "vectors": spaces.Box(LOW, HIGH, dtype=np.float64),
    "table": spaces.Box(*ROWS, dtype=np.float32),
    "unbounded": spaces.Box(-np.inf, np.inf, (2,)),
    "whole": spaces.Box(0, 5, (2,), np.int64),
    "binary": spaces.MultiBinary(2),
}


class Reach(gym.Env):
    """A point in the plane that is to come to a seeded place within ten steps."""

    metadata = {"render_modes": ["rgb_array"]}  # noqa: RUF012

    def __init__(self, actions="vectors", seen="vector", render_mode=None):
        self.render_mode, self.seen = render_mode, seen
        self.action_space = ACTIONS[actions]
        vector = spaces.Box(-np.inf, np.inf, (4,), np.float32)
        picture = spaces.Box(0, 255, (36, 36, 3), np.uint8)
        told = {"vector": vector, "picture": picture}
        self.observation_space = spaces.Dict(told) if seen == "both" else told[seen]

    def _seen(self):
        vector = np.concatenate([self.place, self.goal]).astype(np.float32)
        picture = np.zeros((36, 36, 3), np.uint8)
        for channel, point in enumerate((self.place, self.goal)):
            picture[*np.clip(np.rint(point * 5 + 18), 0, 35).astype(int), channel] = 255
        told = {"vector": vector, "picture": picture}
        return told if self.seen == "both" else told[self.seen]

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.goal, self.place, self.t = self.np_random.uniform(-2, 2, 2), np.zeros(2), 0
        return self._seen(), {}

    def step(self, action):
        assert action in self.action_space, action
        self.t += 1
        self.place = self.place + 0.3 * np.reshape(action, (-1, 2)).mean(axis=0)
        far = float(np.linalg.norm(self.place - self.goal))
        return self._seen(), -far, far < 0.2, self.t >= 10, {"is_success": far < 0.2}

    def render(self):
        return np.zeros((16, 16, 3), np.uint8)


gym.register("rlgen-test/Reach-v0", Reach)
