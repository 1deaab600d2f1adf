"""Batches of environments of another package, each with a level of its own."""

from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from rlgen.util.seeding import stream
from rlgen_envs.registered.env import RegisteredEnv


class LevelVectorEnv(gym.vector.VectorEnv[Any, Any, Any]):
    """Environments stepped one after the other in this process, with same-step reset.

    Gymnasium's own batches pass the same options to all environments, so that levels could not be
    chosen.

    Args:
        make: Makes one environment.
        num_envs: Number of environments.
    """

    metadata = {"autoreset_mode": AutoresetMode.SAME_STEP}  # noqa: RUF012

    def __init__(self, make: Callable[[], RegisteredEnv], num_envs: int) -> None:
        self.envs = [make() for _ in range(num_envs)]
        self.num_envs = num_envs
        self.single_observation_space = self.envs[0].observation_space
        self.single_action_space = self.envs[0].action_space
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._rng = stream(0, "levels")

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Start all episodes.

        Args:
            seed: Seeds the choice of levels from now on.
            options: ``{"level": ids}``, int ``(N,)``, plays exactly these levels.
        """
        if seed is not None:
            self._rng = stream(seed, "levels")
        levels = (options or {}).get("level")
        chosen = self._drawn(self.num_envs) if levels is None else np.asarray(levels)
        started = [self._start(i, chosen[i]) for i in range(self.num_envs)]
        return np.stack(started), {"level": chosen.copy()}

    def _drawn(self, count: int) -> NDArray[np.int64]:
        ids = self.envs[0].ids
        return ids[self._rng.integers(len(ids), size=count)]

    def _start(self, i: int, level: np.int64) -> NDArray[np.float32]:
        return self.envs[i].reset(options={"level": int(level)})[0]

    def step(self, actions: NDArray[Any]) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """One step of every environment."""
        n, info = self.num_envs, {}
        observations = np.empty(self.observation_space.shape or (), np.float32)
        rewards = np.empty(n)
        terminated, truncated = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
        levels, solved = np.empty(n, np.int64), np.full(n, np.nan)
        for i, env in enumerate(self.envs):
            levels[i] = env.level
            observations[i], rewards[i], terminated[i], truncated[i], own = env.step(actions[i])
            solved[i] = own.get("solved", np.nan)
        ended = (terminated | truncated).nonzero()[0]
        if len(ended):
            last = np.empty(n, object)
            for i, level in zip(ended.tolist(), self._drawn(len(ended)), strict=True):
                last[i] = observations[i].copy()
                observations[i] = self._start(i, level)
            info = {"final_obs": last, "final_info": {"level": levels, "solved": solved}}
        return observations, rewards, terminated, truncated, info

    def action_masks(self) -> NDArray[np.bool_]:
        """Which actions are valid now, bool ``(N, A)``; see ``RegisteredEnv.action_masks``."""
        return np.stack([env.action_masks() for env in self.envs])

    def close_extras(self, **kwargs: Any) -> None:
        """Close all environments."""
        del kwargs
        for env in self.envs:
            env.close()
