"""An environment whose observations are dictionaries of all kinds of things."""

import gymnasium as gym
import numpy as np
from gymnasium import spaces

PARTS = {
    "image": spaces.Box(0, 255, (36, 40, 3), np.uint8),
    "table": spaces.Box(-1, 1, (5, 6, 2), np.float32),
    "bytes": spaces.Box(0, 255, (6,), np.uint8),
    "side": spaces.Discrete(4),
    "late": spaces.Discrete(4, start=1),
    "pair": spaces.MultiDiscrete([2, 3]),
    "flags": spaces.MultiBinary(3),
    "amounts": spaces.Box(-np.inf, np.inf, (2,), np.float64),
    "small": spaces.Box(0, 255, (7, 7, 3), np.uint8),
    "plane": spaces.Box(0, 1, (10, 10, 4), np.bool_),
    "words": spaces.Text(9),
    "inner": spaces.Dict({"a": spaces.Discrete(2), "b": spaces.Box(0, 255, (2,), np.uint8)}),
}


class Mixed(gym.Env):
    """Noise to look at; the side that pays is told by ``side``.

    Args:
        keys: The entries that are shown, with commas between them.
        only: Whether the one entry is shown without a dictionary.
        actions: "discrete" or "vectors".
    """

    metadata = {"render_modes": ["rgb_array"]}  # noqa: RUF012

    def __init__(self, keys="image,side", only=False, actions="discrete", render_mode=None):
        self.render_mode, self.only = render_mode, only
        self.parts = {key: PARTS[key] for key in keys.split(",")}
        (first, *_) = self.parts.values()
        self.observation_space = first if only else spaces.Dict(self.parts)
        vectors = spaces.Box(-1, 1, (2,), np.float32)
        self.action_space = spaces.Discrete(4) if actions == "discrete" else vectors

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.t = 0
        return self._seen(), {}

    def _seen(self):
        self.side = int(self.np_random.integers(4))
        told = {}
        for key, space in self.parts.items():
            space.seed(int(self.np_random.integers(2**31)))
            told[key] = self.side if key == "side" else space.sample()
        return next(iter(told.values())) if self.only else told

    def step(self, action):
        self.t += 1
        paid = float(np.ravel(action)[0] == self.side)
        return self._seen(), paid, False, self.t >= 8, {}


gym.register("rlgen-test/Mixed-v0", Mixed)
