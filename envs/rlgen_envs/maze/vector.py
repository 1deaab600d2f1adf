"""Many mazes at once: the rules of ``env`` as one compiled loop over environments."""

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from rlgen.errors import LevelError
from rlgen.util.jit import compiled
from rlgen.util.words import counted
from rlgen_envs.maze.levels import EMPTY, KEY, WALL, MazeLevels
from rlgen_envs.maze.observing import glimpse, observe, space
from rlgen_envs.maze.rules import (
    BUMP_PENALTY,
    FULL_MASK,
    HORIZON,
    TIMEOUT_REWARD,
    Action,
)

Observations = NDArray[np.uint8]

#: Random levels are drawn in blocks of this size, as a call of the generator is expensive.
_BLOCK = 8192


class MazeVectorEnv(gym.vector.VectorEnv[Observations, NDArray[np.int64], NDArray[Any]]):
    """``num_envs`` mazes of one batch of levels; same rules, spaces and info as ``MazeEnv``.

    An environment whose episode ends is reset within the same step: the returned observation is
    the next episode's first, ``info["final_obs"][i]`` the ended one's last, and
    ``info["final_info"]`` holds what the step's info was before the reset.

    Observations and rewards (float64) are new arrays at each step; do not write to info.

    Args:
        levels: The levels to draw from, uniformly, at each reset.
        num_envs: Number of environments.
        random_spawn: Whether start cells are drawn among the free cells without an object.
        view: Cells a side of the square around the agent that is seen; 0: the whole maze.
    """

    metadata = {"autoreset_mode": AutoresetMode.SAME_STEP, "render_modes": []}  # noqa: RUF012

    def __init__(
        self, levels: MazeLevels, num_envs: int, *, random_spawn: bool = False, view: int = 0
    ) -> None:
        if num_envs < 1 or not len(levels):
            raise LevelError("a vector environment needs at least one environment and one level")
        self.num_envs = num_envs
        self.levels = levels
        self.random_spawn = random_spawn
        self.render_mode = None
        self.view = view
        self.single_observation_space = space(levels.side, view)
        self.single_action_space = gym.spaces.Discrete(len(Action))
        batch = gym.vector.utils.batch_space
        self.observation_space = batch(self.single_observation_space, num_envs)
        self.action_space = batch(self.single_action_space, num_envs)
        self._everyone = np.arange(num_envs)
        self._false, self._true = np.zeros(num_envs, np.bool_), np.ones(num_envs, np.bool_)
        for array in (self._false, self._true):
            array.flags.writeable = False
        n = len(levels)
        # The reward of each content of a cell: nothing, the objects, the key, a wall.
        self._pays = np.zeros((n, WALL + 1))
        self._pays[:, EMPTY + 1 : KEY + 1] = levels.values
        self._pays[:, WALL] = BUMP_PENALTY
        self._start = levels.start.astype(np.int16)
        if random_spawn:
            self._n_spawns = np.array([len(s) for s in levels.spawns])
            self._spawns = np.zeros((n, self._n_spawns.max()), np.int16)
            for row, spawns in zip(self._spawns, levels.spawns, strict=True):
                row[: len(spawns)] = spawns
        # The state of each environment: level, cell, objects left, and steps left.
        self._situations = np.zeros((num_envs, 4), np.int32)
        self._ids = np.zeros(num_envs, np.int64)
        # The last action plus one, 0 before the first; only a view of part of the maze shows it.
        self._last = np.zeros(num_envs, np.int64)
        self._running = False
        self._actions, self._who = np.zeros(num_envs, np.int64), np.zeros(num_envs, np.int64)

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observations, dict[str, Any]]:
        """Start all episodes.

        Args:
            seed: Seeds the choice of levels and spawn cells of the whole batch: one integer.
            options: ``{"level": ids}`` with one id or ``num_envs`` ids of the batch's levels.
        """
        if isinstance(seed, list):
            raise LevelError("seed: one integer seeds the whole batch")
        super().reset(seed=seed)
        self._upcoming = np.zeros(0, np.int64)
        wanted = (options or {}).get("level")
        if wanted is None:
            level = self._draw(self.num_envs)
        else:
            level = self._positions(np.broadcast_to(np.asarray(wanted), (self.num_envs,)))
        self._place(self._everyone, level)
        self._running = True
        self._last[:] = 0
        return self._observed(self._everyone), self._info(np.full(self.num_envs, Action.STAY.value))

    def _positions(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        order = np.argsort(self.levels.ids, kind="stable")
        rank = np.searchsorted(self.levels.ids, ids, sorter=order).clip(max=len(order) - 1)
        position: NDArray[np.int64] = order[rank]
        wrong = ids[self.levels.ids[position] != ids]
        if len(wrong):
            batch = counted(len(order), "level")
            raise LevelError(f"level {wrong[0]} is not among the {batch} of this batch")
        return position

    def _draw(self, count: int) -> NDArray[np.int64]:
        if len(self._upcoming) < count:
            block = self.np_random.integers(len(self.levels), size=max(_BLOCK, count))
            self._upcoming = np.concatenate([self._upcoming, block])
        drawn, self._upcoming = self._upcoming[:count], self._upcoming[count:]
        return drawn

    def _place(self, who: NDArray[np.int64], level: NDArray[np.int64]) -> None:
        """Start an episode on ``level`` in each environment of ``who``."""
        cell = self._start.take(level)
        if self.random_spawn:
            choice = (self.np_random.random(len(who)) * self._n_spawns[level]).astype(np.int64)
            cell = self._spawns[level, choice]
        _place(who, level, cell, self._situations)
        self._ids[who] = self.levels.ids.take(level)

    def step(
        self, actions: NDArray[np.int64]
    ) -> tuple[
        Observations, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]
    ]:
        """One step of every environment."""
        if not self._running:
            raise LevelError("reset the environment before stepping it")
        np.copyto(self._actions, actions)
        reward = np.empty(self.num_envs)
        endings = np.empty((3, self.num_envs), np.bool_)
        count = _play(
            self.levels.board,
            self._pays,
            self.levels.negative,
            self.levels.strides,
            self._actions,
            self._situations,
            reward,
            endings,
            self._who,
        )
        if count < 0:
            raise LevelError(f"actions must be from 0 to {len(Action) - 1}")
        info = self._info(actions)
        np.add(self._actions, 1, out=self._last)
        if count:
            self._end(self._who[:count], endings, info)
        observations = self._observed(self._everyone)
        return observations, reward, endings[0], self._false, info

    def _end(
        self, who: NDArray[np.int64], endings: NDArray[np.bool_], info: dict[str, Any]
    ) -> None:
        """Reset the environments that ended; put their final info into ``info``."""
        ended, timeout, solved = endings
        last = self._observed(who)
        final_obs = np.empty(self.num_envs, object)
        final_obs[who] = np.fromiter(last, object, len(who))
        final = info | {
            "timeout": timeout,
            "solved": solved,
            "_level": ended,
            "_timeout": ended,
            "_solved": ended,
            "_proposed": ended,
            "_executed": ended,
        }
        self._place(who, self._draw(len(who)))
        self._last[who] = 0
        info["level"] = self._ids.copy()
        info["final_obs"], info["_final_obs"] = final_obs, ended
        info["final_info"], info["_final_info"] = final, ended

    def _observed(self, who: NDArray[np.int64]) -> Observations:
        """What these environments show now, a new array."""
        if self.view:
            return glimpse(self.levels, self._situations, self._last[who], who, self.view)
        return observe(self.levels, self._situations, who)

    def _info(self, actions: NDArray[np.int64]) -> dict[str, Any]:
        return {
            "level": self._ids.copy(),
            "timeout": self._false,
            "solved": self._false,
            "proposed": actions,
            "executed": actions,
            "_level": self._true,
            "_timeout": self._true,
            "_solved": self._true,
            "_proposed": self._true,
            "_executed": self._true,
        }


@compiled("void(i8[::1], i8[::1], i2[::1], i4[:,::1])")
def _place(who, level, cell, situations):  # type: ignore[no-untyped-def]
    for k in range(len(who)):
        situations[who[k], 0] = level[k]
        situations[who[k], 1] = cell[k]
        situations[who[k], 2] = FULL_MASK
        situations[who[k], 3] = HORIZON


@compiled(
    "i8(i1[:,::1], f8[:,::1], i8[::1], i8[::1], i8[::1], i4[:,::1], f8[::1], b1[:,::1], i8[::1])"
)
def _play(  # type: ignore[no-untyped-def]
    board, pays, negative, strides, actions, situations, reward, endings, who
):
    """One step; returns how many episodes ended, which ``who`` lists, or -1 for a wrong action."""
    wrong = False
    for i in range(len(actions)):
        wrong |= (actions[i] < 0) | (actions[i] >= len(strides))
    if wrong:
        return -1
    count = 0
    # Few branches: the content of the next cell is unpredictable, and mispredictions are expensive.
    for i in range(len(actions)):
        level, cell, left = situations[i, 0], situations[i, 1], situations[i, 2]
        there = cell + strides[actions[i]]
        content = board[level, there] * (there != cell)
        # Objects pay while they are left, key and walls always, empty cells never.
        counts = (left | 1 << (KEY - 1) | 1 << (WALL - 1)) << 1 >> content & 1
        reward[i] = pays[level, content * counts]
        situations[i, 1] = cell if content == WALL else there
        situations[i, 2] = left & ~(1 << content >> 1)
        situations[i, 3] -= 1
        at_key = content == KEY
        late = situations[i, 3] == 0
        endings[0, i] = at_key | late
        endings[1, i] = endings[2, i] = False
        if at_key | late:
            who[count] = i
            count += 1
            if at_key:
                endings[2, i] = left == negative[level]
            else:
                endings[1, i] = True
                reward[i] += TIMEOUT_REWARD
    return count
