"""One environment of another package, whose seeds are levels."""

import copy
import math
import warnings
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from rlgen.errors import LevelError, RlgenError, RlgenWarning, one_line
from rlgen.levels.capabilities import UndrawnError
from rlgen.levels.solved import solved
from rlgen_envs.registered.acting import Acting
from rlgen_envs.registered.observing import Floats, Reader

#: Steps after which an episode is cut, unless the environment has a limit of its own.
LIMIT = 100_000
#: What the beginning of an episode, or a step of it, gives.
Played = TypeVar("Played")
#: The method that says which actions are valid, in environments for sb3-contrib's MaskablePPO.
MASKS = "action_masks"


def has_masks(env: "gym.Env[Any, Any]") -> bool:
    """Whether an environment, or one of its wrappers, says which actions are valid."""
    return env.has_wrapper_attr(MASKS) and callable(env.get_wrapper_attr(MASKS))


class RegisteredEnv(gym.Env[Floats, Any]):
    """An environment that is reset with a level's id as its seed.

    A level is everything that the seed decides: where things are, and the noise in the episode.

    Observation: float32, see ``observing.reader``. Action: see ``acting``. Info: ``level``; at the
    end of an episode ``solved``, if the environment's info says it (``levels.solved``).

    Args:
        env: The environment.
        ids: Ids of the levels to draw from at each reset.
        space: The family's observation space.
        read: From the environment's observations to the family's.
        acting: From the family's actions to the environment's.
        name: The beginning of messages.

    Raises:
        LevelError: If there are no ids.
    """

    def __init__(
        self,
        env: "gym.Env[Any, Any]",
        ids: NDArray[np.int64],
        space: gym.spaces.Box,
        read: Reader,
        acting: Acting,
        name: str,
    ) -> None:
        if not len(ids):
            raise LevelError(f"{name}: an environment needs at least one level id to draw from")
        self.env, self.ids, self.name, self._read = env, ids, name, read
        self.observation_space = space  # type: ignore[assignment]
        # A copy, since a space has a random generator.
        self.action_space = copy.deepcopy(acting.space)
        self._give = acting.give
        self.masked = isinstance(acting.space, gym.spaces.Discrete) and has_masks(env)
        if self.masked:
            # Only then: sb3-contrib looks for the method.
            self.action_masks = self._action_masks
        self.render_mode = env.render_mode
        self.metadata = env.metadata
        self.spec = env.spec
        own = None if env.spec is None else env.spec.max_episode_steps
        if own is None:
            # Some count their steps themselves, as MiniGrid's environments do.
            counted = getattr(env.unwrapped, "max_steps", None)
            own = counted if isinstance(counted, int) else None
        self.horizon, self.unlimited = own, own is None
        self.limit = LIMIT if own is None else max(LIMIT, own)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Floats, dict[str, Any]]:
        """Start an episode.

        Args:
            seed: Seeds the choice of level; a level itself is fixed by its id.
            options: ``{"level": id}`` plays exactly that level.

        Raises:
            LevelError: If the environment raises, or its observation holds nan.
        """
        super().reset(seed=seed)
        wanted = (options or {}).get("level")
        if wanted is None:
            wanted = self.ids[int(self.np_random.integers(len(self.ids)))]
        self.level, self.t = int(wanted), 0
        return self._answered(self._begin)

    def _begin(self) -> tuple[Floats, dict[str, Any]]:
        observation, _ = self.env.reset(seed=self.level)
        return self._numbers(observation), {"level": self.level}

    def step(self, action: Any) -> tuple[Floats, float, bool, bool, dict[str, Any]]:
        """One step.

        Raises:
            LevelError: If the environment raises; for a reward that is not a finite number, an
                observation that holds nan, or a success that is neither true, false nor a share.
        """
        self.t += 1
        return self._answered(self._advance, action)

    def _advance(self, action: Any) -> tuple[Floats, float, bool, bool, dict[str, Any]]:
        observation, reward, terminated, truncated, own_info = self.env.step(self._give(action))
        if not math.isfinite(reward):
            raise LevelError(f"{self.name}, level {self.level}: reward {reward} in step {self.t}")
        info: dict[str, Any] = {"level": self.level}
        if self.t >= self.limit and not (terminated or truncated):
            truncated = True
            warnings.warn(
                f"{self.name}: level {self.level}: an episode was cut after {self.t:,} steps "
                "(another limit: the option time_limit)",
                RlgenWarning,
                stacklevel=4,
            )
        if terminated or truncated:
            info |= self._solved(own_info)
        return self._numbers(observation), float(reward), bool(terminated), bool(truncated), info

    def _answered(self, play: Callable[..., Played], *args: Any) -> Played:
        """What a part of an episode gives, or a line with the level and the step that failed."""
        try:
            return play(*args)
        except RlgenError:
            raise
        except Exception as error:
            # The environment is the user's: anything can go wrong in it.
            where = f"step {self.t}" if self.t else "its reset"
            what = f"{where} raised {type(error).__name__}: {one_line(error)}"
            raise LevelError(f"{self.name}, level {self.level}: {what}") from error

    def _numbers(self, observation: Any) -> Floats:
        """The observation as networks receive it."""
        numbers = self._read(observation)
        if np.isnan(numbers).any():
            what = f"the observation of step {self.t}" if self.t else "the first observation"
            raise LevelError(f"{self.name}, level {self.level}: {what} holds nan")
        return numbers

    def _solved(self, info: Mapping[str, Any]) -> dict[str, float]:
        """``solved``, as far as the environment says it; empty if it does not."""
        try:
            share = solved(info)
        except ValueError as error:
            raise LevelError(
                f"{self.name}, level {self.level}: {error} in step {self.t}, which is no truth "
                "value, None or share from 0 to 1"
            ) from None
        return {} if share is None else {"solved": share}

    def _action_masks(self) -> NDArray[np.bool_]:
        """Which actions are valid now, bool ``(A,)``, as the environment's ``action_masks`` says.

        Raises:
            LevelError: If it says something else, or raises.
        """
        where = f"{self.name}, level {self.level}: action_masks in step {self.t + 1}"
        try:
            valid = np.asarray(self.env.get_wrapper_attr(MASKS)())
        except Exception as error:
            # The environment is the user's: anything can go wrong in it.
            raise LevelError(f"{where} raised {type(error).__name__}: {one_line(error)}") from None
        assert isinstance(self.action_space, gym.spaces.Discrete)
        expected = (int(self.action_space.n),)
        if valid.shape != expected or not np.isin(valid, (0, 1)).all():
            raise LevelError(
                f"{where} returned {valid.dtype} of shape {valid.shape}, which are not "
                f"{expected[0]} truth values, one an action"
            )
        return valid.astype(np.bool_)

    def render(self) -> NDArray[np.uint8]:
        """A picture, uint8 ``(H, W, 3)``.

        Raises:
            UndrawnError: If the environment draws none, or something else.
        """
        try:
            drawn = self.env.render()
        except Exception as error:
            # The environment is the user's; often a library that it draws with is missing.
            raise UndrawnError(f"{self.name} draws no pictures: {one_line(error)}") from None
        if drawn is None:
            raise UndrawnError(f"{self.name} draws no pictures")
        picture = np.asarray(drawn)
        if picture.ndim == 2:
            picture = np.repeat(picture[:, :, None], 3, axis=2)
        if picture.ndim != 3 or picture.shape[2] not in (3, 4) or picture.dtype.kind not in "buif":
            what = f"{picture.dtype}, {picture.shape}"
            raise UndrawnError(f"{self.name} draws no pictures but {what}")
        # Some environments draw numbers from 0 to 1.
        shares = picture.dtype.kind == "b" or (picture.dtype.kind == "f" and picture.max() <= 1)
        colours: NDArray[np.uint8] = np.clip(picture[:, :, :3] * (255 if shares else 1), 0, 255)
        return colours.astype(np.uint8)

    def close(self) -> None:
        """Close the environment."""
        self.env.close()
