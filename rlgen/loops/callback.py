"""Returns on training and held-out levels while stable-baselines3 trains."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import VecNormalize

from rlgen.errors import LevelError, RlgenWarning
from rlgen.loops.level_env import LevelEnv
from rlgen.loops.returns_file import Episode, ReturnsFile, checked_pool
from rlgen.util.seeding import fresh_seed, library_seed
from rlgen.util.validation import whole_number

#: Steps after which an episode is cut.
LIMIT = 100_000


class LevelCallback(BaseCallback):
    """A callback that plays the present policy on levels of each pool, which it never learns from.

    What it finds goes to the model's logger, and so to TensorBoard: ``eval_train/mean_reward``,
    ``eval_test/mean_reward`` and ``gap/mean_reward``, the former minus the latter. With ``file``
    also by level, as ``rlgen import`` reads it. Statistics of a ``VecNormalize`` are applied.

    Args:
        pools: By pool, "train", "validation" or "test", an environment with its levels.
        every: Environment steps between two evaluations; there is always one at the end.
        levels: The most levels of a pool, the first of them; each is played once.
        deterministic: Whether to play the most probable actions; else they are drawn, as in
            training, whose own random numbers stay what they are without the callback.
        file: A CSV file that is not there yet.
        **columns: Of the file; see ``LevelRecorder``.

    Raises:
        LevelError: If there are no pools, or one is unknown, or as of ``LevelRecorder``; when
            training begins, if a pool's environment is that of the model.

    Example:
        >>> from stable_baselines3 import PPO
        >>> pools = {
        ...     "train": LevelEnv("CartPole-v1", range(5)),
        ...     "test": LevelEnv("CartPole-v1", range(1000, 1005)),
        ... }
        >>> model = PPO("MlpPolicy", LevelEnv("CartPole-v1", range(5)), n_steps=64, device="cpu")
        >>> callback = LevelCallback(pools, every=64)
        >>> _ = model.learn(64, callback=callback)
        >>> sorted(callback.means)
        ['gap', 'test', 'train']
    """

    def __init__(
        self,
        pools: Mapping[str, LevelEnv],
        *,
        every: int = 10_000,
        levels: int = 100,
        deterministic: bool = False,
        file: str | Path | None = None,
        **columns: Any,
    ) -> None:
        super().__init__()
        every, levels = whole_number("every", every), whole_number("levels", levels)
        if not pools or every < 1 or levels < 1:
            raise LevelError("pools, every and levels: at least one of each")
        for pool, env in pools.items():
            checked_pool(pool)
            if not isinstance(env, LevelEnv):
                raise LevelError(f"pools: {pool}: {type(env).__name__} is no LevelEnv")
        if columns and file is None:
            raise LevelError(f"{next(iter(columns))}: goes with file, whose column it is")
        self._pools, self._every, self._most = dict(pools), every, levels
        self._deterministic = deterministic
        self._file = None if file is None else ReturnsFile(file, columns, steps=True)
        self._evaluated = -1
        self._next = every
        #: Mean returns of the last evaluation by pool, and their ``gap``.
        self.means: dict[str, float] = {}

    def _on_training_start(self) -> None:
        self._next = self.model.num_timesteps + self._every
        self._evaluated, self.means = -1, {}
        # Who seeds no training cannot repeat its evaluation either.
        self._seed = fresh_seed() if self.model.seed is None else self.model.seed
        trained = {id(env) for own in _environments(self.training_env) for env in _chain(own)}
        for pool, env in self._pools.items():
            if any(id(each) in trained for each in _chain(env)):
                raise LevelError(
                    f"pools: {pool}: is an environment in which the model learns, whose episodes "
                    "would be broken off; make another LevelEnv with its levels"
                )

    def _on_step(self) -> bool:
        if self.num_timesteps >= self._next:
            self._evaluate()
            self._next = self.num_timesteps + self._every
        return True

    def _on_training_end(self) -> None:
        if self._evaluated != self.num_timesteps:
            self._evaluate()
            self.logger.dump(self.num_timesteps)

    def _evaluate(self) -> None:
        self._evaluated = self.num_timesteps
        device = self.model.device
        # Runs of other seeds and algorithms must not share the noise of their actions.
        algorithm = type(self.model).__name__
        seed = library_seed(self._seed, "levels while training", algorithm, self.num_timesteps)
        devices = [device] if device.type == "cuda" else []
        with torch.random.fork_rng(devices), _numpy_forked(self.model.action_space, seed):
            torch.manual_seed(seed)
            for pool, env in self._pools.items():
                self.means[pool] = self._mean(pool, env)
                self.logger.record(f"eval_{pool}/mean_reward", self.means[pool])
        if {"train", "test"} <= self.means.keys():
            self.means["gap"] = self.means["train"] - self.means["test"]
            self.logger.record("gap/mean_reward", self.means["gap"])

    def _mean(self, pool: str, env: LevelEnv) -> float:
        """The mean return on a pool; each level's goes to the file."""
        returns = []
        for level in env.level_ids[: self._most]:
            episode = self._played(env, level)
            returns.append(episode.returned)
            if self._file is not None:
                self._file.add(pool, level, episode, self.num_timesteps)
        return float(np.mean(returns))

    def _played(self, env: LevelEnv, level: int) -> Episode:
        """One episode of the present policy."""
        normalise = self.model.get_vec_normalize_env()
        observation, _ = env.reset(options={"level": level})
        episode, state, ended = Episode(), None, False
        start = np.ones(1, np.bool_)
        while not ended:
            inputs = _normalised(observation, normalise)
            action, state = self.model.predict(
                inputs, state, start[0], deterministic=self._deterministic
            )
            start[:] = False
            own = int(action) if isinstance(env.action_space, gym.spaces.Discrete) else action
            observation, reward, terminated, truncated, info = env.step(own)
            ended = bool(terminated or truncated) or episode.length + 1 >= LIMIT
            episode.step(reward, info, ended=ended)
        if not (terminated or truncated):
            warnings.warn(
                f"level {level}: its episode was cut after {LIMIT:,} steps; wrap the environment "
                "in gymnasium.wrappers.TimeLimit for another limit",
                RlgenWarning,
                stacklevel=2,
            )
        return episode


def _environments(env: Any) -> list[Any]:
    """What a vector of stable-baselines3 holds in this process."""
    return list(getattr(env.unwrapped, "envs", ()))


def _chain(env: Any) -> Iterator[Any]:
    """An environment, and all within it."""
    yield env
    while isinstance(env, gym.Wrapper):
        env = env.env
        yield env


@contextmanager
def _numpy_forked(space: gym.Space[Any], seed: int) -> Iterator[None]:
    """Draw other numbers within, from what exploring agents draw from (DQN's epsilon)."""
    # stable-baselines3 draws from numpy's global state, which has no other interface.
    before, own = np.random.get_state(), deepcopy(space.np_random)  # noqa: NPY002
    np.random.seed(seed % 2**32)  # noqa: NPY002, TID251
    space.seed(seed % 2**32)
    try:
        yield
    finally:
        np.random.set_state(before)  # noqa: NPY002
        space._np_random = own


def _normalised(observation: Any, normalise: VecNormalize | None) -> Any:
    return observation if normalise is None else normalise.normalize_obs(observation)
