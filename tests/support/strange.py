"""Environments that mislead, registered with Gymnasium when this is imported."""

import ctypes
import itertools
import logging
import os
import subprocess
import sys
import warnings

import gymnasium as gym
import numpy as np

INSTANCES = itertools.count()


def _talk(text):
    """Print in all ways that there are, those of libraries in C and of other processes too."""
    print(text)
    print(text, file=sys.__stdout__, flush=True)
    os.write(1, text.encode() + b"\n")
    ctypes.CDLL(None).puts(text.encode())
    logging.getLogger(text).addHandler(logging.StreamHandler(sys.stdout))
    logging.getLogger(text).warning(text)
    warnings.warn(text, UserWarning, stacklevel=2)
    if text == "a new environment":
        subprocess.run(["echo", text], check=True)
        print("\rprogress 50%", end="", file=sys.stderr)


class Strange(gym.Env):
    """Twelve steps of guessing the sign of a number, with a fault."""

    observation_space = gym.spaces.Box(-np.inf, np.inf, (2,), np.float32)
    action_space = gym.spaces.Discrete(2)

    def __init__(self, fault="", success="absent", render_mode=None):
        if fault == "shouts":
            _talk("a new environment")
        self.render_mode, self.fault, self.success = render_mode, fault, success
        self.shift = next(INSTANCES) if fault == "constructed" else 0

    def _seen(self):
        if self.fault == "global":
            number = np.random.normal()  # noqa: NPY002
        elif self.fault == "late" and self.t > 30:
            number = np.random.default_rng().normal()  # noqa: TID251
        elif self.fault == "same":
            number = self.t % 3 - 1
        elif self.fault == "few":
            number = self.level % 3 + self.t
        elif self.fault == "hidden" and self.t <= 30:
            number = 0.0
        else:
            number = self.np_random.normal()
        self.number = number + self.shift
        return np.array([np.nan if self.fault == "nan" and self.t == 7 else self.number, 1], "f4")

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.level = seed
        if self.fault == "reset" and seed == 5:
            raise ValueError("no such\nplace")
        if self.fault == "global":
            np.random.seed(seed)  # noqa: NPY002, TID251
        self.t = 0
        if self.fault == "talks":
            print("a new episode")
        if self.fault == "shouts":
            _talk("a new episode")
        return self._seen(), {}

    def step(self, action):
        reward = float((self.number > 0) == action)
        if self.fault == "shouts":
            _talk("a step")
        self.t += 1
        if self.fault == "step" and (self.level, self.t) == (5, 3):
            raise ValueError("no such\nplace")
        length = 60 if self.fault in ("late", "hidden") else 12
        done = self.t == length and self.fault != "endless"
        info = {} if self.success == "absent" else {"is_success": self.success}
        return self._seen(), reward, done, False, info


gym.register("rlgen-test/Strange-v0", Strange)
if "RLGEN_TALK" in os.environ:
    _talk("a new environment")


def guess(observations):
    """Always right."""
    right = observations[:, 0] > 0
    return np.stack([~right, right], axis=1).astype(float)


def lost(observations):
    """Probabilities that are nan where the number is negative."""
    return np.where(observations[:, :1] > 0, 0.5, np.nan) * np.ones(2)
