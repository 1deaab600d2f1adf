"""What a family may be able to do beyond generating levels and playing them.

Each is a protocol, asked with ``isinstance``: a family has it by defining its methods. A class that
inherits one and does not have it sets the method to None; a family whose settings decide sets the
method where it is made.

Example:
    >>> class Listed:
    ...     def tabular(self, levels):
    ...         ...
    >>> class Played(Listed):
    ...     tabular = None
    >>> isinstance(Listed(), Tabular), isinstance(Played(), Tabular)
    (True, False)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from rlgen.errors import LevelError
from rlgen.levels.family import Family, Levels
from rlgen.levels.tabular import TabularLevels


@runtime_checkable
class Tabular(Protocol):
    """A family whose levels are finite deterministic decision processes: returns are exact."""

    def tabular(self, levels: Any) -> TabularLevels:
        """The levels as finite deterministic decision processes."""


class UndrawnError(LevelError):
    """A level that cannot be drawn after all: often a library that draws is missing."""


@runtime_checkable
class Drawable(Protocol):
    """A family that draws its levels, and whose environments have the mode "rgb_array"."""

    def picture(self, levels: Any, actions: Sequence[int] | None = None) -> NDArray[np.uint8]:
        """Draw the first of the levels, with a path, as an RGB picture, uint8 ``(h, w, 3)``.

        Raises:
            UndrawnError: If something that drawing needs is missing on this machine.
        """


@runtime_checkable
class Spawnable(Protocol):
    """A family whose start cells can be drawn at random, in each episode anew."""

    def spawning_env(self, levels: Any, *, render_mode: str | None = None) -> "gym.Env[Any, Any]":
        """As ``Family.env``, with random start cells."""

    def spawning_vector_env(
        self, levels: Any, num_envs: int
    ) -> "gym.vector.VectorEnv[Any, Any, Any]":
        """As ``Family.vector_env``, with random start cells."""


@runtime_checkable
class Editable(Protocol):
    """A family whose levels can be changed a little, so that they become different tasks.

    This tests a policy near its training levels without a second pool (method 3.3, K-12 to K-14).

    Attributes:
        edits: The names of the edits, with the number of variants of each; 0 where variants are
            drawn at random.
    """

    edits: Mapping[str, int]

    def edited(self, levels: Any, edit: str, variant: int) -> Levels:
        """Change each level a little. Edited levels need not be solvable.

        Args:
            levels: ``L`` levels.
            edit: One of ``edits``: "wall" puts an obstacle on a free cell, "symmetry" rotates or
                mirrors the level, "object_move" moves one object, "object_swap" exchanges a good
                and a bad object.
            variant: Number of the variant, or the seed of a random one.

        Raises:
            LevelError: For an edit that the family does not have.
        """


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


@runtime_checkable
class Gridded(Protocol):
    """A family whose levels are square cells; ``info["position"]`` is the agent's (column, row)."""

    def floor_plan(self, levels: Any) -> FloorPlan:
        """The first of the levels as square cells."""


@dataclass(frozen=True)
class GraphView:
    """How a picture of a level shows a graph: free cells, joined where a move leads between them.

    Attributes:
        walls: The channel that is not zero where there is no node.
        agent: The channel that is one at the agent's node, and zero elsewhere.
        moves: The number of rows and columns that each action moves; (0, 0) for one that stays. A
            move into a wall stays too.
    """

    walls: int
    agent: int
    moves: tuple[tuple[int, int], ...]


@runtime_checkable
class Graphed(Protocol):
    """A family whose observations are pictures ``(C, H, W)`` that show a graph.

    Attributes:
        graph: How they do.
    """

    graph: GraphView


@runtime_checkable
class Described(Protocol):
    """A family that says what its levels are like, so that whole groups of them can be held out.

    Attributes:
        properties: What there is, by name; a name that ends in ":" stands for all that begin so.
    """

    properties: Mapping[str, str]

    def described(self, levels: Any, name: str) -> Sequence[Any]:
        """The value of a property of each level: a label (text, whole number) or a number."""


@runtime_checkable
class Flippable(Protocol):
    """A family with a known memorisation ceiling (method 1.6, ``stats.scores.ceiling``).

    Signs do not depend on the layout, the positive objects of a level share a fixed sum, and any
    object can be avoided.
    """

    def flipped_rewards(self) -> tuple[Sequence[float], float]:
        """Unflipped rewards of the objects that can flip, and the reward earned besides."""


def as_tabular(family: Family, who: str) -> Tabular:
    """The family, if its levels are tabular.

    Args:
        family: Any family.
        who: What needs it, in the plural: "controls".

    Raises:
        LevelError: If they are not.
    """
    if not isinstance(family, Tabular):
        raise LevelError(f"{who} need levels whose states can be listed; {family.name} has none")
    return family


def vector_env(
    family: Family, levels: Levels, num_envs: int, *, random_spawn: bool
) -> "gym.vector.VectorEnv[Any, Any, Any]":
    """A batch of environments, with the level's own start cells or random ones.

    Raises:
        LevelError: If start cells shall be random, and the family cannot draw them.
    """
    if random_spawn:
        return as_spawnable(family).spawning_vector_env(levels, num_envs)
    return family.vector_env(levels, num_envs)


def masks(env: Any) -> NDArray[np.bool_]:
    """Which actions are valid now, bool ``(A,)``, of a batch ``(N, A)``; see ``Family.masked``."""
    valid: NDArray[np.bool_] = env.action_masks()
    return valid


def as_spawnable(family: Family) -> Spawnable:
    """The family, if it can draw start cells.

    Raises:
        LevelError: If it cannot.
    """
    if not isinstance(family, Spawnable):
        raise LevelError(f"{family.name} cannot draw start cells")
    return family
