"""The family of a registered environment."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from importlib import import_module
from types import MappingProxyType
from typing import Any, ClassVar, Self

import gymnasium as gym
import numpy as np
from gymnasium.envs.registration import load_env_creator
from gymnasium.error import Error as GymnasiumError
from numpy.typing import ArrayLike, NDArray
from pydantic import ConfigDict, Field

from rlgen.errors import LevelError, nearest, one_line
from rlgen.levels.family import Family, Levels, level_ids
from rlgen.levels.properties import INFO
from rlgen.util.named_code import importable, source_hash, versions
from rlgen.util.validation import Settings, checked
from rlgen.util.words import counted
from rlgen_envs.registered import trying
from rlgen_envs.registered.acting import Acting, acting, idle_index
from rlgen_envs.registered.env import RegisteredEnv, has_masks
from rlgen_envs.registered.levels import SeededLevels
from rlgen_envs.registered.modules import modules_of
from rlgen_envs.registered.observing import amounts, reader
from rlgen_envs.registered.vector import LevelVectorEnv

#: Options that give scores their scale.
_SCALE = ("worst", "best")


class RegisteredOptions(Settings):
    """Options of every registered environment; all others are arguments of ``gymnasium.make``.

    Attributes:
        time_limit: Number of steps after which an episode is cut; 0 keeps the environment's own.
        wrappers: Classes to wrap the environment in, the first innermost, separated by commas:
            ``"package.module:Class"``. Importing them runs their code.
        entry: The only entry of dictionary observations to use; "" uses all numeric entries.
        scale: Divisor of observations of bytes.
        noop: The action that does nothing; -1 is none, unless the environment names one.
        idle: The value of all entries of the continuous action that does nothing.
        worst: Lowest possible return of an episode; ``worst`` and ``best`` are the scale of scores.
        best: Highest possible return.
    """

    model_config = ConfigDict(extra="allow", strict=True, frozen=True, allow_inf_nan=False)

    time_limit: int = Field(0, ge=0)
    wrappers: str = ""
    entry: str = ""
    scale: float = Field(255.0, gt=0, strict=False)
    noop: int = Field(-1, ge=-1)
    idle: float | None = Field(None, strict=False)
    worst: float | None = Field(None, strict=False)
    best: float | None = Field(None, strict=False)


class RegisteredFamily(Family):
    """Levels of an environment that any package has registered with Gymnasium.

    Args:
        name: The id of the environment, with the version; ``"module:id"`` imports the module.
        options: The settings.
    """

    version = 3
    side_by_side = 64
    properties: ClassVar[Mapping[str, str]] = MappingProxyType(
        {INFO: "an entry of the info of reset, as in info:game"}
    )
    card = "registered with Gymnasium"

    def __init__(self, name: str, options: RegisteredOptions | None = None) -> None:
        self.name = name
        module, named, _ = name.rpartition(":")
        self.source = (source_hash(module) or "") if named else ""
        self.settings = options or RegisteredOptions()
        self.options = self.settings.model_dump(exclude_none=True)
        if self._renders():
            # Only then is it Drawable.
            self.picture = self._picture

    def configure(self, options: Mapping[str, Any]) -> Self:
        """The same environment with other settings."""
        where = f"{self.name} options"
        settings = checked(RegisteredOptions, options, LevelError, where)
        worst, best = settings.worst, settings.best
        if (worst is None) != (best is None) or (worst is not None and worst >= (best or 0)):
            misspelt = [key for key in settings.model_extra or {} if "did" in nearest(key, _SCALE)]
            hint = f"; {misspelt[0]!r}{nearest(misspelt[0], _SCALE)}" if misspelt else ""
            raise LevelError(
                f"{where}: worst = {worst}, best = {best}: give both, the lower as worst{hint}"
            )
        return type(self)(self.name, settings)

    def check(self, ids: Sequence[int]) -> None:
        """Make the environment, and refuse it if its seeds do not decide its levels."""
        levels = self.generate(ids)
        trying.check(lambda: self.env(levels), ids)

    @cached_property
    def _spaces(self) -> tuple[gym.spaces.Box, Callable[[Any], Any], Acting, int | None, bool]:
        """Observation space, conversions of observations and actions, no-op, and ``masked``."""
        env = self._make(None)
        space, read = reader(
            env.observation_space, self.settings.entry, self.settings.scale, self.name
        )
        conversion = acting(env.action_space, self.name)
        noop = self._idle_index(env, conversion)
        masked = isinstance(conversion.space, gym.spaces.Discrete) and has_masks(env)
        env.close()
        return space, read, conversion, None if noop < 0 else noop, masked

    def _idle_index(self, env: "gym.Env[Any, Any]", conversion: Acting) -> int:
        """The action that does nothing, or -1."""
        noop, idle, where = self.settings.noop, self.settings.idle, f"{self.name} options"
        if isinstance(conversion.space, gym.spaces.Box):
            if noop >= 0:
                raise LevelError(f"{where}: noop = {noop}: its actions are vectors; use idle")
            low, high = conversion.space.low.max(), conversion.space.high.min()
            if idle is not None and not low <= idle <= high:
                raise LevelError(f"{where}: idle = {idle:g}: actions are from {low:g} to {high:g}")
            return -1
        if idle is not None:
            raise LevelError(f"{where}: idle = {idle:g}: its actions are discrete; use noop")
        count = int(conversion.space.n)
        if noop >= count:
            there = f"there {'is' if count == 1 else 'are'} {counted(count, 'action')}"
            raise LevelError(f"{where}: noop = {noop}: {there}")
        return noop if noop >= 0 else idle_index(env)

    @property
    def observation_space(self) -> gym.spaces.Box:  # type: ignore[override]
        """Observation space of one environment, as networks receive it."""
        return self._spaces[0]

    @property
    def action_space(self) -> gym.spaces.Discrete | gym.spaces.Box:  # type: ignore[override]
        """Action space of one environment: counted from 0, or a bounded box."""
        return self._spaces[2].space

    @property
    def noop(self) -> int | None:  # type: ignore[override]
        """The action that does nothing, if it is known."""
        return self._spaces[3]

    @property
    def masked(self) -> bool:  # type: ignore[override]
        """Whether the environment has a method ``action_masks``, as sb3-contrib calls it."""
        return self._spaces[4]

    @property
    def idle(self) -> NDArray[np.float32] | None:  # type: ignore[override]
        """The continuous action that does nothing, if it is known."""
        if self.box is None or self.settings.idle is None:
            return None
        return np.full(self.box.shape, self.settings.idle, np.float32)

    @cached_property
    def continuous(self) -> bool:  # type: ignore[override]
        """Whether all observations that are used are boxes, not one-hot vectors."""
        env = self._make(None)
        space = env.observation_space
        env.close()
        return amounts(space, self.settings.entry)

    def _renders(self) -> bool:
        """Whether the environment says that it can be rendered as an array; plays no level."""
        try:
            entry = gym.spec(self.name.rpartition(":")[2]).entry_point
            source: Any = load_env_creator(entry) if isinstance(entry, str) else entry
            if not hasattr(source, "metadata"):  # a function
                source = self._make(None)
                source.close()
        except Exception:
            # Whatever it is will be raised where the environment is made to be played.
            return False
        return "rgb_array" in (source.metadata.get("render_modes") or ())

    @cached_property
    def made_of(self) -> Mapping[str, str]:
        """Of the environment, its wrappers, and the games of one that has several."""
        env = self._make(None)
        modules = set(modules_of(env))
        env.close()
        return versions(modules)

    def _make(self, render_mode: str | None) -> "gym.Env[Any, Any]":
        arguments: dict[str, Any] = dict(self.settings.model_extra or {})
        if self.settings.time_limit:
            arguments["max_episode_steps"] = self.settings.time_limit
        if render_mode is not None:
            arguments["render_mode"] = render_mode
        try:
            # Gymnasium's checks of every step are for authors of environments, and slow.
            env = gym.make(self.name, disable_env_checker=True, **arguments)
            for wrapper in self._wrappers():
                env = wrapper(env)
        except LevelError:
            raise
        except GymnasiumError as error:
            raise LevelError(f"{self.name}: {one_line(error)}") from None
        except Exception as error:
            raise LevelError(
                f"{self.name} cannot be made with {arguments}: {type(error).__name__}: "
                f"{one_line(error)}"
            ) from None
        return env

    def _wrappers(self) -> list[Callable[[Any], Any]]:
        classes = []
        for path in filter(None, (part.strip() for part in self.settings.wrappers.split(","))):
            module, _, name = path.partition(":")
            importable(module)
            try:
                classes.append(getattr(import_module(module), name))
            except Exception as error:
                raise LevelError(
                    f"{self.name} options: wrappers = {path!r}: {one_line(error)} (written as "
                    "'package.module:Class')"
                ) from None
        return classes

    @property
    def world(self) -> str:
        """The identity of the levels as text: environment, version and options."""
        return json.dumps([self.name, self.version, dict(self.options)], sort_keys=True)

    def generate(self, ids: ArrayLike, flip_p: float = 0.0) -> SeededLevels:
        """The levels with these seeds; see ``Family.generate``."""
        if flip_p:
            raise LevelError(f"flip_p = {flip_p}: rewards of {self.name} cannot be flipped")
        return SeededLevels(level_ids(ids), self.world)

    def described(self, levels: Levels, name: str) -> Sequence[Any]:
        """An entry of what ``reset`` says of each level; see ``Described.described``.

        Raises:
            LevelError: If it says nothing of it.
        """
        key, env, values = name.partition(":")[2], self._make(None), []
        for level in levels.ids.tolist():
            try:
                _, info = env.reset(seed=level)
            except Exception as error:
                # The environment is the user's: anything can go wrong in it.
                raise LevelError(
                    f"{self.name}: reset of level {level} raises {type(error).__name__}: "
                    f"{one_line(error)}"
                ) from None
            if key not in info:
                hint = nearest(key, map(str, info))
                raise LevelError(f"{self.name}: the info of reset has no {key!r}{hint}")
            values.append(info[key])
        env.close()
        return values

    def capacity(self) -> int | None:
        """None: the number of distinct levels is unknown."""
        return None

    def env(self, levels: Levels, *, render_mode: str | None = None) -> RegisteredEnv:
        """One environment that plays these levels."""
        space, read, conversion, *_ = self._spaces
        return RegisteredEnv(
            self._make(render_mode), levels.ids, space, read, conversion, self.name
        )

    def vector_env(self, levels: Levels, num_envs: int) -> LevelVectorEnv:
        """A batch of environments that play these levels."""
        return LevelVectorEnv(lambda: self.env(levels), num_envs)

    def return_bounds(self, flip_p: float = 0.0) -> tuple[float, float]:
        """``worst`` and ``best``; infinite where they are not set."""
        del flip_p
        worst, best = self.settings.worst, self.settings.best
        return (-np.inf if worst is None else worst, np.inf if best is None else best)

    def _picture(self, levels: Levels, actions: Sequence[int] | None = None) -> NDArray[np.uint8]:
        """The environment's own drawing, after some actions.

        Raises:
            LevelError: If the environment cannot draw.
        """
        env = self.env(levels, render_mode="rgb_array")
        env.reset(options={"level": int(levels.ids[0])})
        for action in actions or ():
            _, _, terminated, truncated, _ = env.step(action)
            if terminated or truncated:
                break
        try:
            return env.render()
        finally:
            env.close()
