"""One maze as a Gymnasium environment: the rules by the letter, for reference and pictures."""

from collections.abc import Callable, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from rlgen.errors import LevelError
from rlgen_envs.maze import drawing
from rlgen_envs.maze.levels import MazeLevels
from rlgen_envs.maze.observing import space
from rlgen_envs.maze.rules import (
    BUMP_PENALTY,
    CHANNELS,
    FULL_MASK,
    HORIZON,
    MOVES,
    OBJECTS,
    TIMEOUT_REWARD,
    Action,
)

Observation = NDArray[np.uint8]


class MazeEnv(gym.Env[Observation, np.int64]):
    """A maze: collect the good objects, avoid the bad ones, then take the key (method 1.1, 1.2).

    Actions: 0 UP, 1 DOWN, 2 LEFT, 3 RIGHT, 4 STAY.

    Observation: uint8 ``(7, H, W)`` of zeros and ones; channels wall, key, red diamond, blue
    diamond, bomb, thunder, agent. Collected objects leave their channel. With a view of part of
    the maze uint8 ``(11, view, view)``: the same without the agent, who stands in the middle, and
    one channel for each action, in which the middle is 1 if it was the last one.

    Reward: an object's value on entering its cell; -0.01 for stepping against a wall; the key's
    value, which ends the episode; -1 if the key was not taken within 200 steps, which also ends
    it. That end is ``terminated``, not ``truncated``: the -1 is part of the task, and an agent
    that bootstraps over truncations would cancel it.

    Info: ``level`` (id), ``timeout``, ``solved`` (all positive objects, no negative one, key),
    ``proposed`` and ``executed`` action (they differ only under a perturbation), ``position``
    (column, row).

    Args:
        source: The levels to draw from at each reset.
        random_spawn: Whether the start cell is drawn among the free cells without an object.
        render_mode: ``"ansi"``, ``"rgb_array"`` or None.
        view: Cells a side of the square around the agent that is seen; 0: the whole maze.
    """

    metadata = {"render_modes": ["ansi", "rgb_array"], "render_fps": 8}  # noqa: RUF012

    def __init__(
        self,
        source: "LevelSource",
        *,
        random_spawn: bool = False,
        render_mode: str | None = None,
        view: int = 0,
    ) -> None:
        if render_mode not in (None, *self.metadata["render_modes"]):
            raise LevelError(f"render_mode {render_mode!r}: must be None, 'ansi' or 'rgb_array'")
        self.source = source
        self.random_spawn = random_spawn
        self.render_mode = render_mode
        self.height, self.width = source.side
        self.view = view
        self.observation_space = space(source.side, view)
        self.action_space = gym.spaces.Discrete(len(Action))
        self.terminated = True

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start an episode.

        Args:
            seed: Seeds the choice of level and spawn cell; a level itself is fixed by its id.
            options: ``{"level": id}`` plays exactly that level; ``{"spawn": cell}`` starts there.
        """
        super().reset(seed=seed)
        wanted = (options or {}).get("level")
        if wanted is None:
            wanted = self.source.ids[int(self.np_random.integers(len(self.source.ids)))]
        self.level = self.source.level(int(wanted))
        spawn = (options or {}).get("spawn")
        if spawn is None:
            spawn = self.level.start[0]
            if self.random_spawn:
                spawn = self.np_random.choice(self.level.spawns[0])
        elif spawn not in self.level.spawns[0]:
            raise LevelError(f"cell {spawn} of level {wanted} is not a free cell without an object")
        self.cell = int(spawn)
        self.mask = FULL_MASK
        self.last: np.int64 | None = None
        self.t = 0
        self.terminated = False
        return self._observation(), self._info(Action.STAY, timeout=False)

    def step(self, action: np.int64) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """One step; see the class for rewards and endings."""
        if self.terminated:
            raise LevelError("reset the environment before stepping it")
        self.t += 1
        self.last = action
        reward = 0.0
        row, column = divmod(self.cell, self.width)
        if action != Action.STAY:
            row, column = row + MOVES[action][0], column + MOVES[action][1]
            if self.level.walls[0, row, column]:
                reward = BUMP_PENALTY
            else:
                self.cell = row * self.width + column
        for i in range(len(OBJECTS)):
            if self.mask >> i & 1 and self.cell == self.level.objects[0, i]:
                reward += float(self.level.values[0, i])
                self.mask &= ~(1 << i)
        if self.cell == self.level.key[0]:
            reward += float(self.level.values[0, 4])
            self.terminated = True
        timeout = not self.terminated and self.t >= HORIZON
        if timeout:
            reward += TIMEOUT_REWARD
            self.terminated = True
        info = self._info(action, timeout=timeout)
        return self._observation(), reward, self.terminated, False, info

    def _observation(self) -> Observation:
        level = self.level
        out = np.zeros((len(CHANNELS), self.height * self.width), np.uint8)
        out[0] = level.walls[0].ravel()
        out[1, level.key[0]] = self.cell != level.key[0]
        for i in range(len(OBJECTS)):
            out[2 + i, level.objects[0, i]] = self.mask >> i & 1
        out[-1, self.cell] = 1
        whole = out.reshape(len(CHANNELS), self.height, self.width)
        return self._seen(whole[:-1]) if self.view else whole

    def _seen(self, whole: Observation) -> Observation:
        """The square around the agent, and the last action."""
        half = self.view // 2
        wide = np.pad(whole, ((0, 0), (half, half), (half, half)))
        wide[0] = np.pad(whole[0], half, constant_values=1)
        row, column = divmod(self.cell, self.width)
        actions = np.zeros((len(Action), self.view, self.view), np.uint8)
        if self.last is not None:
            actions[self.last, half, half] = 1
        return np.concatenate(
            [wide[:, row : row + self.view, column : column + self.view], actions]
        )

    def _info(self, action: int | np.int64, *, timeout: bool) -> dict[str, Any]:
        bad = sum(1 << i for i in range(len(OBJECTS)) if self.level.values[0, i] <= 0)
        row, column = divmod(self.cell, self.width)
        return {
            "level": int(self.level.ids[0]),
            "timeout": timeout,
            # exactly the negative objects are left
            "solved": self.terminated and not timeout and self.mask == bad,
            "proposed": int(action),
            "executed": int(action),
            "position": (column, row),
        }

    def render(self) -> Any:
        """The level as text (``ansi``) or as an RGB picture, uint8 ``(h, w, 3)``."""
        if self.render_mode is None:
            return None
        if self.render_mode == "ansi":
            return drawing.text(self.level, cell=self.cell, mask=self.mask)
        return drawing.picture(self.level, cell=self.cell, mask=self.mask)


class LevelSource:
    """The ids that an environment draws from, and the level of any id.

    Args:
        ids: The ids to draw from, not empty; may be a ``range`` of any length.
        generate: From a list of ids to their levels.
        side: Height and width of the levels.
    """

    def __init__(
        self,
        ids: Sequence[int] | NDArray[np.int64],
        generate: Callable[[list[int]], MazeLevels],
        side: tuple[int, int],
    ) -> None:
        if not len(ids):
            raise LevelError("levels: an environment needs at least one level id to draw from")
        self.ids = ids
        self.side = side
        self._generate = generate
        self._generated: dict[int, MazeLevels] = {}

    @classmethod
    def of(cls, levels: MazeLevels, generate: Callable[[list[int]], MazeLevels]) -> "LevelSource":
        """A source of levels that have been generated already."""
        source = cls(levels.ids, generate, levels.side)
        source._generated = {int(i): levels.take([n]) for n, i in enumerate(levels.ids)}
        return source

    def level(self, level_id: int) -> MazeLevels:
        """The level with this id, as a batch of one, generated when it is first played."""
        if level_id not in self._generated:
            self._generated[level_id] = self._generate([level_id])
        return self._generated[level_id]
