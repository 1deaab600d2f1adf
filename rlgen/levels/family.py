"""The base classes of levels and of the families that generate them.

What only some families can do is in ``capabilities``.
"""

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

import gymnasium as gym
import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlgen.errors import LevelError
from rlgen.util.named_code import versions

#: Flags of families of older versions, and what a family has instead.
_FORMER = {
    "can_spawn": "define spawning_env and spawning_vector_env (levels.capabilities.Spawnable)",
    "draws": "define picture, or leave it out (levels.capabilities.Drawable)",
}
#: The largest pool: this many 13 x 13 mazes take about 25 GB of memory with their tables.
MAX_POOL = 1_000_000


def level_ids(ids: ArrayLike) -> NDArray[np.int64]:
    """Level ids as an array, int64 ``(L,)``.

    Raises:
        LevelError: If an id is negative or at least ``2**63``.
    """
    try:
        array = np.asarray(ids, dtype=np.int64).reshape(-1)
    except OverflowError:
        raise LevelError("level ids must be below 2**63") from None
    if len(array) and array.min() < 0:
        raise LevelError(f"level id {array.min()}: ids are not negative")
    return array


class Levels(ABC):
    """A batch of fixed task instances of one family, held as arrays.

    Attributes:
        ids: int64 ``(L,)``.
        world: The ``Family.world`` that made them; empty where it is not kept.
    """

    ids: NDArray[np.int64]
    world: str = ""

    def __len__(self) -> int:
        return len(self.ids)

    @abstractmethod
    def take(self, index: ArrayLike | slice) -> Self:
        """The levels at these positions (not ids)."""

    @abstractmethod
    def joined(self, others: Sequence[Self]) -> Self:
        """Concatenate this batch with others of the same family."""

    @abstractmethod
    def fingerprints(self) -> list[str]:
        """One SHA-256 hex digest per level; levels that are the same task share it."""

    @abstractmethod
    def content_hash(self) -> str:
        """SHA-256 hex digest of everything that episodes depend on, rewards included."""


class Family(ABC):
    """A distribution over levels with one observation and one action space.

    Attributes:
        name: Name in the catalogue.
        version: Incremented whenever the same level id would become another level.
        source: Hash of the source that decides the levels, of families that users name as
            ``module:name`` and edit as they go; empty for others, and where it cannot be followed.
        observation_space: Observation space of one environment.
        action_space: Action space of one environment: discrete, or a bounded box of float32.
        noop: The action that does nothing, or None.
        idle: The action that does nothing where actions are a box, or None.
        continuous: Whether observations are quantities rather than symbols, and levels are not
            tabular; observation noise is then defined.
        layout: The entries along the first axis of an observation that show the level itself, not
            the state of play; all entries where a family does not separate them.
        masked: Whether environments say which actions are valid: one has ``action_masks()``, bool
            ``(A,)``, a batch of ``N`` gives ``(N, A)``, and tabular levels have ``valid``.
        side_by_side: The largest number of environments in one batch in evaluation.
        scale_source: The family and the ids of its levels on which the unit of observation noise is
            measured; None for the levels that are played.
        options: All settings of the family, as plain values.
    """

    name: str
    version: int
    source: str = ""
    observation_space: gym.spaces.Box
    action_space: gym.spaces.Discrete | gym.spaces.Box
    noop: int | None = None
    idle: NDArray[np.float32] | None = None
    continuous: bool = False
    layout: slice = slice(None)
    masked: bool = False
    side_by_side: int = 4096
    scale_source: "tuple[Family, tuple[int, ...]] | None" = None
    options: Mapping[str, Any]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for flag, now in _FORMER.items():
            if flag in vars(cls):
                raise LevelError(f"family class {cls.__name__}: {flag} is no longer read: {now}")

    @property
    def made_of(self) -> Mapping[str, str]:
        """Versions, or hashes of the source, of the code outside rlgen that decides the levels.

        By distribution or module, see ``named_code.versions``. They are kept with each run, so that
        runs of different ones are noticed.
        """
        return versions([type(self).__module__])

    @property
    def world(self) -> str:
        """What decides a level besides its id and flips, as text; empty where it is not kept."""
        return ""

    @property
    def box(self) -> gym.spaces.Box | None:
        """The action space if actions are continuous, else None."""
        return self.action_space if isinstance(self.action_space, gym.spaces.Box) else None

    @property
    def n_actions(self) -> int:
        """Number of actions.

        Raises:
            LevelError: If actions are continuous.
        """
        if isinstance(self.action_space, gym.spaces.Box):
            raise LevelError(f"{self.name}: needs discrete actions, and its own are continuous")
        return int(self.action_space.n)

    def scaled_on(self, ids: Iterable[int], family: "Family | None" = None) -> Self:
        """This family, with the unit of observation noise measured on given levels.

        Args:
            ids: Ids of the levels.
            family: Whose levels they are; None for its own. Observations have the same shape.
        """
        other = copy.copy(self)
        other.scale_source = (family or self, tuple(map(int, ids)))
        return other

    @abstractmethod
    def configure(self, options: Mapping[str, Any]) -> Self:
        """This family with other settings.

        Raises:
            LevelError: For an unknown option, a wrong value or an impossible combination.
        """

    def check(self, ids: Sequence[int]) -> None:  # noqa: B027  # most families need no trial
        """Try to play some levels, before anything else is computed.

        Args:
            ids: Ids of some of the levels of a study.

        Raises:
            LevelError: If they cannot be played, or are not decided by their ids.
        """

    @abstractmethod
    def generate(self, ids: ArrayLike, flip_p: float = 0.0) -> Levels:
        """Generate the levels with these ids.

        Args:
            ids: Non-negative integers, ``(L,)``.
            flip_p: Probability that the reward of an object changes its sign (Zhang et al.
                2018, section 3.3). The geometry of a level does not depend on it.
        """

    def usable(self, levels: Levels) -> NDArray[np.bool_]:
        """Which of the levels may enter a pool, bool ``(L,)``; by default all."""
        return np.ones(len(levels), dtype=np.bool_)

    @abstractmethod
    def capacity(self) -> int | None:
        """An upper bound on the number of distinct levels, or None if there is no useful one."""

    @abstractmethod
    def env(self, levels: Levels, *, render_mode: str | None = None) -> "gym.Env[Any, Any]":
        """One environment that plays these levels.

        Args:
            levels: The levels; ``reset(options={"level": id})`` chooses one of them.
            render_mode: "rgb_array", another mode of the family, or None.
        """

    @abstractmethod
    def vector_env(self, levels: Levels, num_envs: int) -> "gym.vector.VectorEnv[Any, Any, Any]":
        """A batch of environments that play these levels, with same-step autoreset."""

    def text(self, levels: Levels, actions: Sequence[int] | None = None) -> str:
        """The first of the levels as text, with the path of some actions; by default its id."""
        played = "" if actions is None else f", actions {' '.join(map(str, actions))}"
        return f"{self.name} level {int(levels.ids[0])}{played}"

    @abstractmethod
    def return_bounds(self, flip_p: float = 0.0) -> tuple[float, float]:
        """The lowest and the highest possible episode return; infinite if unknown."""
