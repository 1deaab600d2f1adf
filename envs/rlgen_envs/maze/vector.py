"""Many mazes at once: the rules of ``env`` as look-ups, with no Python loop over environments."""

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from rlgen.errors import LevelError
from rlgen_envs.maze.levels import MazeLevels
from rlgen_envs.maze.rules import (
    BUMP_PENALTY,
    CHANNELS,
    HORIZON,
    MOVES,
    OBJECTS,
    TIMEOUT_REWARD,
    Action,
)

Observations = NDArray[np.uint8]

#: What a move leads to, as one small number: an object (0 to 3), the key, a bump, or nothing.
_KEY, _BUMP, _NOTHING, _EVENTS = 4, 5, 6, 8
_AGENT = CHANNELS.index("agent")
#: From the agent's channel to that of the object, or key, that an event takes away.
_CHANNEL = np.array([CHANNELS.index(name) - _AGENT for name in (*OBJECTS, "key")])
_IS_OBJECT = (np.arange(_EVENTS) < len(OBJECTS)).astype(np.float64)
#: Random levels are drawn this many at a time: a call of the generator costs as much as a block.
_BLOCK = 8192


class MazeVectorEnv(gym.vector.VectorEnv[Observations, NDArray[np.int64], NDArray[Any]]):
    """``num_envs`` mazes of one batch of levels; same rules, spaces and info as ``MazeEnv``.

    An environment whose episode ends is reset within the same step: the returned observation is
    the next episode's first, ``info["final_obs"][i]`` the ended one's last, and
    ``info["final_info"]`` holds what the step's info was before the reset.

    Observations and rewards (float64) are new arrays at each step; do not write to info.

    Args:
        levels: The levels to draw from, uniformly, at each reset.
        num_envs: How many environments.
        random_spawn: Draw start cells among the free cells without an object.
    """

    metadata = {"autoreset_mode": AutoresetMode.SAME_STEP, "render_modes": []}  # noqa: RUF012

    def __init__(self, levels: MazeLevels, num_envs: int, *, random_spawn: bool = False) -> None:
        if num_envs < 1 or not len(levels):
            raise LevelError("a vector environment needs at least one environment and one level")
        self.num_envs = num_envs
        self.levels = levels
        self.random_spawn = random_spawn
        self.render_mode = None
        self._shape = (len(CHANNELS), *levels.side)
        self.single_observation_space = gym.spaces.Box(0, 1, self._shape, np.uint8)
        self.single_action_space = gym.spaces.Discrete(len(Action))
        batch = gym.vector.utils.batch_space
        self.observation_space = batch(self.single_observation_space, num_envs)
        self.action_space = batch(self.single_action_space, num_envs)
        self._build_tables()
        cells, everyone = self._cells, np.arange(num_envs)
        self._reward_row = everyone * _EVENTS
        self._agent_plane = (everyone * len(CHANNELS) + _AGENT) * cells
        self._false, self._true = np.zeros(num_envs, np.bool_), np.ones(num_envs, np.bool_)
        for array in (self._false, self._true):
            array.flags.writeable = False
        # The state. A spot is a cell counted through all levels: level * cells + cell.
        self._level = np.zeros(num_envs, np.int64)
        self._spot = np.zeros(num_envs, np.int64)
        self._deadline = np.zeros(num_envs, np.int64)
        self._clock = 0
        # What each event would pay now; collected objects pay nothing.
        self._pays = np.zeros((num_envs, _EVENTS))
        # The observations, of which each step changes only a few pixels.
        self._pictures = np.zeros((num_envs, len(CHANNELS) * cells), np.uint8)
        self._agent_base = np.zeros(num_envs, np.int64)
        self._agent = np.zeros(num_envs, np.int64)

    def _build_tables(self) -> None:
        """Look-up tables, so that one ``take`` with a computed index answers each question."""
        levels, n = self.levels, len(self.levels)
        cells = self._cells = levels.side[0] * levels.side[1]
        level = np.arange(n)
        self._next = (levels.next_cell + (level * cells)[:, None, None]).ravel()
        events = np.array([_NOTHING, 0, 1, 2, 3, _KEY])[levels.item]
        events = events[level[:, None, None], levels.next_cell]
        stays = levels.next_cell == np.arange(cells)[None, :, None]
        moving = np.arange(len(MOVES)) != Action.STAY
        events = np.where(stays, np.where(moving, _BUMP, _NOTHING), events)
        self._event = events.astype(np.int8).ravel()
        self._values = np.zeros((n, _EVENTS))
        self._values[:, : _KEY + 1] = levels.values
        self._values[:, _BUMP] = BUMP_PENALTY
        self._worst = np.minimum(self._values, 0.0) @ _IS_OBJECT
        self._to_channel = _CHANNEL * cells
        self._start = level * cells + levels.start
        self._first_picture = levels.pictures.reshape(n, -1)
        self._n_spawns = np.array([len(s) for s in levels.spawns])
        self._spawns = np.zeros((n, self._n_spawns.max()), np.int64)
        for row, spawns in zip(self._spawns, levels.spawns, strict=True):
            row[: len(spawns)] = spawns

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
        self._place(np.arange(self.num_envs), level)
        return self._observations(), self._info(np.full(self.num_envs, Action.STAY.value))

    def _positions(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        order = np.argsort(self.levels.ids, kind="stable")
        found = np.searchsorted(self.levels.ids, ids, sorter=order).clip(max=len(order) - 1)
        position: NDArray[np.int64] = order[found]
        wrong = ids[self.levels.ids[position] != ids]
        if len(wrong):
            raise LevelError(f"level {wrong[0]} is not among the {len(order)} levels of this batch")
        return position

    def _draw(self, count: int) -> NDArray[np.int64]:
        if len(self._upcoming) < count:
            block = self.np_random.integers(len(self.levels), size=max(_BLOCK, count))
            self._upcoming = np.concatenate([self._upcoming, block])
        drawn, self._upcoming = self._upcoming[:count], self._upcoming[count:]
        return drawn

    def _place(self, who: NDArray[np.int64], level: NDArray[np.int64]) -> None:
        """Start an episode on ``level`` in each environment of ``who``."""
        spot = self._start.take(level)
        if self.random_spawn:
            choice = (self.np_random.random(len(who)) * self._n_spawns[level]).astype(np.int64)
            spot = level * self._cells + self._spawns[level, choice]
        base = self._agent_plane.take(who) - level * self._cells
        agent = base + spot
        self._level[who] = level
        self._spot[who] = spot
        self._deadline[who] = self._clock + HORIZON
        self._pays[who] = self._values.take(level, axis=0)
        self._pictures[who] = self._first_picture.take(level, axis=0)
        self._pictures.reshape(-1)[agent] = 1
        self._agent_base[who] = base
        self._agent[who] = agent

    def step(
        self, actions: NDArray[np.int64]
    ) -> tuple[
        Observations, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]
    ]:
        """One step of every environment."""
        self._clock += 1
        move = self._spot * len(MOVES) + actions
        self._spot = self._next.take(move)
        event = self._event.take(move)
        reward = self._pays.take(self._reward_row + event)
        pixels = self._pictures.reshape(-1)
        pixels[self._agent] = 0
        np.add(self._agent_base, self._spot, out=self._agent)
        pixels[self._agent] = 1
        # An object that was collected before is collected again, for nothing.
        taken = (event <= _KEY).nonzero()[0]
        what = event.take(taken)
        self._pays.reshape(-1)[self._reward_row.take(taken) + what] = 0.0
        pixels[self._agent.take(taken) + self._to_channel.take(what)] = 0
        at_key = event == _KEY
        ended = at_key | (self._deadline == self._clock)
        info = self._info(actions)
        if np.count_nonzero(ended):
            self._end(ended, at_key, reward, info)
        return self._observations(), reward, ended, self._false, info

    def _observations(self) -> Observations:
        return self._pictures.copy().reshape(-1, *self._shape)

    def _end(
        self,
        ended: NDArray[np.bool_],
        at_key: NDArray[np.bool_],
        reward: NDArray[np.float64],
        info: dict[str, Any],
    ) -> None:
        """Reset the environments that ended; leave in ``info`` how they did."""
        who = ended.nonzero()[0]
        timeout = ended ^ at_key
        reward[timeout] += TIMEOUT_REWARD
        # Solved: what is left to collect is worth what all negative objects are worth together.
        # Anything else left is worth more by at least half a point, which rounding is not.
        left = self._pays.take(who, axis=0) @ _IS_OBJECT - self._worst.take(self._level.take(who))
        solved = self._false.copy()
        solved[who] = (left < 0.1) & at_key.take(who)
        last = self._pictures.take(who, axis=0).reshape(-1, *self._shape)
        final_obs = np.empty(self.num_envs, object)
        final_obs[who] = np.fromiter(last, object, len(who))
        final = info | {"timeout": timeout, "solved": solved}
        for key in ("level", "timeout", "solved", "proposed", "executed"):
            final[f"_{key}"] = ended
        self._place(who, self._draw(len(who)))
        info["level"] = self.levels.ids.take(self._level)
        info["final_obs"], info["_final_obs"] = final_obs, ended
        info["final_info"], info["_final_info"] = final, ended

    def _info(self, actions: NDArray[np.int64]) -> dict[str, Any]:
        return {
            "level": self.levels.ids.take(self._level),
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
