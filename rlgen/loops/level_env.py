"""An environment of anybody's that plays exactly the levels that it is given."""

from collections.abc import Callable, Iterable, Sized
from itertools import islice
from operator import index
from typing import Any
from uuid import uuid4

import gymnasium as gym
from gymnasium.error import Error as GymnasiumError

from rlgen.errors import LevelError, one_line
from rlgen.util.ranges import MOST, ids_text, parse_ids
from rlgen.util.seeding import fresh_seed, stream
from rlgen.util.validation import whole_number

#: What an environment may be given as.
EnvLike = gym.Env[Any, Any] | str | Callable[[], gym.Env[Any, Any]]


class LevelEnv(gym.Wrapper[Any, Any, Any, Any]):
    """An environment whose episodes are exactly these levels, for any training loop.

    A level is what ``env.reset(seed=level)`` makes. Each reset draws one of the levels, all alike
    and independent of those before; ``info["level"]`` says which, at every reset and step.

    Args:
        env: An environment, the id of a registered one, or a class or function that makes one.
        levels: Ids of the levels: whole numbers from 0, or text like ``"0:200"``.
        seed: Of the draws, the same levels in the same order for the same seed. ``reset(seed=...)``
            replaces it, as vector environments and stable-baselines3 do for each of their
            environments. Without either it differs from environment to environment and run to run.

    Raises:
        LevelError: If there are no levels, an id is repeated or out of range, or the environment
            cannot be made, is a vector environment, or restarts by itself.

    Examples:
        With stable-baselines3, which makes a vector environment of one:

        >>> env = LevelEnv("CartPole-v1", levels=range(200), seed=0)
        >>> observation, info = env.reset()
        >>> info["level"] in range(200)
        True

        Eight of them:

        >>> envs = gym.vector.SyncVectorEnv([lambda: LevelEnv("CartPole-v1", range(200))] * 8)
        >>> observations, infos = envs.reset(seed=0)
        >>> infos["level"].shape
        (8,)
    """

    def __init__(self, env: EnvLike, levels: Iterable[int] | str, *, seed: int | None = None):
        super().__init__(made(env))
        _refuse_within(self.env)
        self.level_ids = _checked(levels)
        self._known = frozenset(self.level_ids)
        self._begun: set[int] = set()
        self._episodes = self._steps = 0
        #: Tells its steps from those of others that a model had before.
        self._name = uuid4().hex
        self.level = -1
        self._seed(fresh_seed() if seed is None else whole_number("seed", seed))

    def _seed(self, seed: int) -> None:
        self.level_seed = int(seed)
        self._rng = stream(self.level_seed, "levels of a training loop")

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin an episode on a level.

        Args:
            seed: Of the draws from here on; a level itself is fixed by its id.
            options: ``{"level": id}`` plays exactly that level, which must be one of ``levels``;
                all else goes to the environment.

        Returns:
            The observation, and the info with ``level``.

        Raises:
            LevelError: If the level is none of them.
        """
        if seed is not None:
            self._seed(seed)
        further = dict(options or {})
        wanted = further.pop("level", None)
        if wanted is None:
            wanted = self.level_ids[int(self._rng.integers(len(self.level_ids)))]
        elif wanted not in self._known:
            raise LevelError(f"level {wanted!r} is none of {ids_text(self.level_ids)[:60]}")
        self.level = int(wanted)
        self._begun.add(self.level)
        self._episodes += 1
        more = {"options": further} if further else {}
        observation, info = self.env.reset(seed=self.level, **more)
        return observation, {**info, "level": self.level}

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """One step; ``info`` has ``level``."""
        self._steps += 1
        observation, reward, terminated, truncated, info = self.env.step(action)
        return observation, reward, terminated, truncated, {**info, "level": self.level}

    @property
    def trained_on(self) -> dict[str, Any]:
        """What ``save_levels`` writes of this environment, as plain values, and its ``name``."""
        own = type(self.env.unwrapped)
        spec = self.env.unwrapped.spec
        return {
            "environment": "" if spec is None else spec.id,
            "environment_class": f"{own.__module__}:{own.__qualname__}",
            "levels": ids_text(self.level_ids),
            "played": ids_text(self._begun),
            "episodes": self._episodes,
            "steps": self._steps,
            "name": self._name,
        }


def made(env: EnvLike) -> "gym.Env[Any, Any]":
    """The environment itself, of what may stand for it.

    Raises:
        LevelError: If it cannot be made.
    """
    if isinstance(env, str):
        try:
            env = gym.make(env)
        except (GymnasiumError, ImportError) as error:
            raise LevelError(f"{env}: {one_line(error)}") from None
    elif not isinstance(env, gym.Env) and callable(env):
        env = env()
    if isinstance(env, gym.vector.VectorEnv) or not isinstance(env, gym.Env):
        raise LevelError(
            f"{type(env).__name__} is no environment of gymnasium (gymnasium.Env); of a vector of "
            "environments each is made with LevelEnv"
        )
    return env


def _refuse_within(env: Any) -> None:
    """Refuse wrappers that would choose levels, or begin episodes, by themselves."""
    inner = env
    while isinstance(inner, gym.Wrapper):
        if isinstance(inner, LevelEnv | gym.wrappers.Autoreset):
            raise LevelError(
                f"{type(inner).__name__} within LevelEnv: it would choose levels by itself; put "
                "LevelEnv inside of it"
            )
        inner = inner.env


def _checked(levels: Iterable[int] | str) -> tuple[int, ...]:
    """The ids, each once."""
    try:
        if isinstance(levels, str):
            return parse_ids(levels)
        if isinstance(levels, int):
            raise ValueError(f"{levels} is a number, not levels: range({levels}) are so many")
        if isinstance(levels, Sized) and len(levels) > MOST:
            raise ValueError(f"more than {MOST:,} levels")
        ids = tuple(index(level) for level in islice(levels, MOST + 1))
        if not 0 < len(ids) <= MOST:
            raise ValueError("there are none" if not ids else f"more than {MOST:,} levels")
        if min(ids) < 0 or max(ids) >= 2**63:
            raise ValueError("level ids must be at least 0 and below 2**63")
    except (TypeError, ValueError) as error:
        raise LevelError(f"levels: {error}") from None
    if len(set(ids)) < len(ids):
        raise LevelError("levels: a level is named twice")
    return ids
