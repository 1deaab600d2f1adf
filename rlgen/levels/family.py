"""The base classes of levels and of the families that generate them."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Self

import gymnasium as gym
import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlgen.errors import LevelError, nearest
from rlgen.levels.tabular import TabularLevels

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


@dataclass(frozen=True)
class FloorPlan:
    """One level as square cells, for drawings of episodes. Places are (column, row).

    Attributes:
        walls: bool ``(H, W)``.
        objects: Name, place at the start, and reward of each object.
        moves: The number of columns and rows that each action moves; (0, 0) for one that stays.
    """

    walls: NDArray[np.bool_]
    objects: tuple[tuple[str, tuple[int, int], float], ...]
    moves: tuple[tuple[int, int], ...]


class Levels(ABC):
    """A batch of fixed task instances of one family, held as arrays.

    Attributes:
        ids: int64 ``(L,)``.
    """

    ids: NDArray[np.int64]

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
        observation_space: Observation space of one environment.
        action_space: Action space of one environment: discrete, or a bounded box of float32.
        noop: The action that does nothing, or None.
        idle: The action that does nothing where actions are a box, or None.
        can_spawn: Whether start cells can be drawn at random.
        continuous: Whether observations are quantities rather than symbols, and levels are not
            tabular; observation noise is then defined.
        draws: Whether ``picture`` and environments with render_mode "rgb_array" draw levels.
        layout: The entries along the first axis of an observation that show the level itself, not
            the state of play; all entries where a family does not separate them.
        side_by_side: The largest number of environments in one batch in evaluation.
        edits: The names of the edits of ``edited``, with the number of variants of each; 0 where
            variants are drawn at random.
        options: All settings of the family, as plain values.
    """

    name: str
    version: int
    observation_space: gym.spaces.Box
    action_space: gym.spaces.Discrete | gym.spaces.Box
    noop: int | None
    idle: NDArray[np.float32] | None = None
    can_spawn: bool = False
    continuous: bool = False
    draws: bool = True
    layout: slice = slice(None)
    side_by_side: int = 4096
    edits: Mapping[str, int] = MappingProxyType({})
    options: Mapping[str, Any]

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
    def env(
        self, levels: Levels, *, random_spawn: bool = False, render_mode: str | None = None
    ) -> "gym.Env[Any, Any]":
        """One environment that plays these levels.

        Args:
            levels: The levels; ``reset(options={"level": id})`` chooses one of them.
            random_spawn: Whether the start cell is drawn at each reset.
            render_mode: "rgb_array", another mode of the family, or None.
        """

    @abstractmethod
    def vector_env(
        self, levels: Levels, num_envs: int, *, random_spawn: bool = False
    ) -> "gym.vector.VectorEnv[Any, Any, Any]":
        """A batch of environments that play these levels, with same-step autoreset."""

    def tabular(self, levels: Levels) -> TabularLevels | None:
        """The levels as finite deterministic decision processes, or None if they are not."""
        del levels
        return None

    def edited(self, levels: Levels, edit: str, variant: int) -> Levels:
        """Change each level a little, so that it becomes a different task.

        This tests a policy near its training levels without a second pool (method 3.3, K-12 to
        K-14). Edited levels need not be solvable.

        Args:
            levels: ``L`` levels.
            edit: One of ``edits``: "wall" puts an obstacle on a free cell, "symmetry" rotates or
                mirrors the level, "object_move" moves one object, "object_swap" exchanges a good
                and a bad object.
            variant: Number of the variant, or the seed of a random one.

        Raises:
            LevelError: For an edit that the family does not have.
        """
        del levels, variant
        raise LevelError(f"{self.name} has no edit {edit!r}{nearest(edit, self.edits)}")

    @abstractmethod
    def text(self, levels: Levels, actions: Sequence[int] | None = None) -> str:
        """Draw the first of the levels as text, with the path of some actions."""

    @abstractmethod
    def picture(self, levels: Levels, actions: Sequence[int] | None = None) -> NDArray[np.uint8]:
        """Draw the first of the levels, with a path, as an RGB picture, uint8 ``(h, w, 3)``."""

    def floor_plan(self, levels: Levels) -> FloorPlan | None:
        """The first of the levels as square cells, or None if levels have none.

        If there is one, ``info["position"]`` is the agent's (column, row).
        """
        del levels
        return None

    @abstractmethod
    def return_bounds(self, flip_p: float = 0.0) -> tuple[float, float]:
        """The lowest and the highest possible episode return; infinite if unknown."""

    def flipped_rewards(self) -> tuple[Sequence[float], float] | None:
        """The rewards from which the memorisation ceiling is computed, or None.

        For families whose flips are those of ``stats.scores.ceiling`` (method 1.6): signs do not
        depend on the layout, the positive objects of a level share a fixed sum, and any object can
        be avoided.

        Returns:
            Unflipped rewards of the objects that can flip, and the reward earned besides.
        """
        return None
