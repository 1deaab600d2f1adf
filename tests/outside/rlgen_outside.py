"""Families of another distribution, found through their entry points; some make trouble."""

import os
import signal
from pathlib import Path

import gymnasium as gym

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
    def vector_env(self, levels, num_envs, *, random_spawn=False):
        return Raises(super().vector_env(levels, num_envs, random_spawn=random_spawn))


class Dying(MazeFamily):
    """Kills its process, once if the environment names a marker file, else each time."""

    def vector_env(self, levels, num_envs, *, random_spawn=False):
        marker = os.environ.get("OUTSIDE_MARKER")
        if marker is None or not Path(marker).exists():
            if marker is not None:
                Path(marker).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().vector_env(levels, num_envs, random_spawn=random_spawn)


GOOD = MazeFamily("outside-good", BasicOptions(size=5))
RAISING = Raising("outside-raises", BasicOptions(size=5))
DYING = Dying("outside-dies", BasicOptions(size=5))
