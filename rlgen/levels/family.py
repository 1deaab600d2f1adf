"""Levels, and the families they come from."""

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

#: A pool is held in memory as arrays; this many 13 x 13 mazes take about 25 GB with their tables.
MAX_POOL = 1_000_000


def level_ids(ids: ArrayLike) -> NDArray[np.int64]:
    """Ids as an array, ``(L,)``.

    Raises:
        LevelError: If one of them cannot be an id.
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
    """One level as square cells, for drawings of what happens in it. Places are (column, row).

    Attributes:
        walls: bool ``(H, W)``.
        objects: Name, place at the start, and reward of each.
        moves: Columns and rows by which each action moves; (0, 0) for one that stays.
    """

    walls: NDArray[np.bool_]
    objects: tuple[tuple[str, tuple[int, int], float], ...]
    moves: tuple[tuple[int, int], ...]


class Levels(ABC):
    """A batch of fixed task instances of one family, held as arrays."""

    ids: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)

    @abstractmethod
    def take(self, index: ArrayLike | slice) -> Self:
        """The sub-batch at these positions (not ids)."""

    @abstractmethod
    def joined(self, others: Sequence[Self]) -> Self:
        """This batch and others of the same family as one."""

    @abstractmethod
    def fingerprints(self) -> list[str]:
        """One SHA-256 hex digest a level, of what makes it a different task to play."""

    @abstractmethod
    def content_hash(self) -> str:
        """SHA-256 of all that decides what can happen in the batch, rewards included."""


class Family(ABC):
    """A distribution over levels with one observation and one action space.

    Attributes:
        name: Name in the catalogue.
        version: Raised whenever the same level id would become another level.
        observation_space: Of one environment.
        action_space: Of one environment: discrete, or a bounded box of float32.
        noop: The action that leaves the world as it is, or None.
        idle: The same where actions are a box.
        can_spawn: Whether start cells can be drawn.
        continuous: Whether observations are amounts, not symbols, and levels are played, not
            tabular: noise can then be added to what is seen.
        draws: Whether ``picture`` and environments with render_mode "rgb_array" draw levels.
        layout: Which entries along the first axis of an observation show the level itself, and not
            what became of it in play; all where a family does not tell them apart.
        side_by_side: At most so many environments are played at once in evaluation.
        edits: The edits that ``edited`` knows, with the number of their variants; 0 where they
            are drawn from so many that no one counts.
        options: The family's settings, all of them, as plain values.
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
        """The action space where actions are vectors of numbers, else None."""
        return self.action_space if isinstance(self.action_space, gym.spaces.Box) else None

    @property
    def n_actions(self) -> int:
        """Number of actions.

        Raises:
            LevelError: If they are vectors of numbers.
        """
        if isinstance(self.action_space, gym.spaces.Box):
            raise LevelError(f"{self.name}: needs discrete actions, and its own are continuous")
        return int(self.action_space.n)

    @abstractmethod
    def configure(self, options: Mapping[str, Any]) -> Self:
        """The same family with other settings.

        Raises:
            LevelError: For an unknown option, a wrong value or an impossible combination.
        """

    def check(self, ids: Sequence[int]) -> None:  # noqa: B027  # most have nothing to find out
        """Refuse, before anything is computed, what cannot be known until it is tried.

        Args:
            ids: Of some levels that are going to be played.

        Raises:
            LevelError: Saying what was found.
        """

    @abstractmethod
    def generate(self, ids: ArrayLike, flip_p: float = 0.0) -> Levels:
        """The levels of these ids.

        Args:
            ids: Non-negative integers, ``(L,)``.
            flip_p: Probability with which each object's reward changes its sign (Zhang et al.
                2018, section 3.3). The geometry of a level does not depend on it.
        """

    def usable(self, levels: Levels) -> NDArray[np.bool_]:
        """Which of the levels may enter a pool, ``(L,)``; all of them unless a family objects."""
        return np.ones(len(levels), dtype=np.bool_)

    @abstractmethod
    def capacity(self) -> int | None:
        """An upper bound on the number of distinct levels, or None where there is no small one."""

    @abstractmethod
    def env(
        self, levels: Levels, *, random_spawn: bool = False, render_mode: str | None = None
    ) -> "gym.Env[Any, Any]":
        """One environment that plays these levels; ``reset(options={"level": id})`` chooses."""

    @abstractmethod
    def vector_env(
        self, levels: Levels, num_envs: int, *, random_spawn: bool = False
    ) -> "gym.vector.VectorEnv[Any, Any, Any]":
        """A batch of environments with same-step autoreset."""

    def tabular(self, levels: Levels) -> TabularLevels | None:
        """The levels as finite deterministic processes, or None where they are none."""
        del levels
        return None

    def edited(self, levels: Levels, edit: str, variant: int) -> Levels:
        """Each level changed a little, so that it is not the same task any more.

        A check of what a policy does beside its training levels without a second pool (method
        3.3, K-12 to K-14). Nothing is promised of the changed levels; who needs them solvable, or
        the edit irrelevant, looks.

        Args:
            levels: ``L`` levels.
            edit: One of ``edits``: "wall" puts an obstacle on a free cell, "symmetry" turns or
                mirrors the level, "object_move" moves one object, "object_swap" lets a good and a
                bad object change places.
            variant: Which of the variants, or the seed of what is drawn.

        Raises:
            LevelError: For an edit that the family does not know.
        """
        del levels, variant
        raise LevelError(f"{self.name} has no edit {edit!r}{nearest(edit, self.edits)}")

    @abstractmethod
    def text(self, levels: Levels, actions: Sequence[int] | None = None) -> str:
        """The first of the levels as text, with the path of some actions."""

    @abstractmethod
    def picture(self, levels: Levels, actions: Sequence[int] | None = None) -> NDArray[np.uint8]:
        """The first of the levels as an RGB picture ``(h, w, 3)``, with a path."""

    def floor_plan(self, levels: Levels) -> FloorPlan | None:
        """The first of the levels as square cells, or None where there are none.

        The ``info`` of a family that has one tells ``position``, the agent's (column, row).
        """
        del levels
        return None

    @abstractmethod
    def return_bounds(self, flip_p: float = 0.0) -> tuple[float, float]:
        """Lowest and highest possible episode return."""

    def flipped_rewards(self) -> tuple[Sequence[float], float] | None:
        """What the memorisation ceiling is computed from, or None where there is none.

        For families whose flips are those of ``stats.scores.ceiling`` (method 1.6): signs do not
        depend on the layout, the positive objects of a level share what they are worth in all,
        and any object can be left aside.

        Returns:
            Unflipped rewards of the objects that can flip, and what is earned besides.
        """
        return None
