"""What another distribution adds through entry points: families, some of which make trouble, an
agent, networks, a perturbation and a regulariser.
"""

import os
import signal
from pathlib import Path

import gymnasium as gym
import numpy as np

from rlgen.agents.presets.preset import AgentPreset
from rlgen.agents.presets.sb3 import A2C
from rlgen.networks.factory import Factory
from rlgen.networks.layers import Layers
from rlgen.perturbations.base import Perturbation, Strength
from rlgen.training.regularisers.base import Regulariser
from rlgen_envs.maze.families import BasicOptions, MazeFamily


class Raises(gym.vector.VectorWrapper):
    """Raises in its fifth step."""

    steps = 0

    def step(self, actions):
        self.steps += 1
        if self.steps == 5:
            raise RuntimeError("the <b>outside</b> environment broke")
        return super().step(actions)


class Raising(MazeFamily):
    def vector_env(self, levels, num_envs):
        return Raises(super().vector_env(levels, num_envs))


class Played(MazeFamily):
    """Does not list its states, so that its levels can only be played."""

    tabular = None


class Dying(MazeFamily):
    """Kills its process, once if the environment names a marker file, else each time."""

    def vector_env(self, levels, num_envs):
        marker = os.environ.get("OUTSIDE_MARKER")
        if marker is None or not Path(marker).exists():
            if marker is not None:
                Path(marker).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().vector_env(levels, num_envs)


class Sharper(Perturbation):
    """Raise action probabilities to a power."""

    strength = Strength("power", 2, 1, 10)
    policy_only = True

    def policy(self, strength, probabilities):
        powers = np.power(probabilities, strength)
        return powers / powers.sum(axis=-1, keepdims=True)


class Slower(Regulariser):
    """Take smaller steps."""

    strength = Strength("factor of the learning rate", 0.5, 0, 1)

    def settings(self, strength, settings):
        return {**settings, "learning_rate": strength * settings["learning_rate"]}


GOOD = MazeFamily("outside-good", BasicOptions(size=5))
RAISING = Raising("outside-raises", BasicOptions(size=5))
DYING = Dying("outside-dies", BasicOptions(size=5))
PLAYED = Played("outside-played", BasicOptions(size=5))
AGENT = AgentPreset("A2C of others", "OutsideA2C", {**A2C.settings, "n_envs": 32})
NETWORK = Layers(dense=(32,))
POOLED = Factory(
    "outside-pooled",
    "sums of others",
    "rlgen_outside_network:make",
    {"width": 8},
    pictures=True,
    any_size=True,
    hidden=True,
    learning_rate=5e-3,
)
SHARPER = Sharper()
SLOWER = Slower()
