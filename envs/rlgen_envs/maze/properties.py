"""What mazes are like: properties by which whole groups of them can be held out."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from rlgen_envs.maze import geometry
from rlgen_envs.maze.levels import MazeLevels


def corner(levels: MazeLevels) -> list[str]:
    """The quarter of the maze in which the agent starts; the middle is of the lower right one."""
    height, width = levels.side
    rows, columns = np.divmod(levels.start.astype(np.int64), width)
    vertical = np.where(rows < height // 2, "upper", "lower")
    horizontal = np.where(columns < width // 2, "left", "right")
    return [f"{v} {h}" for v, h in zip(vertical, horizontal, strict=True)]


def distance(levels: MazeLevels) -> list[int]:
    """Steps from the start to the key that touch nothing on the way; -1 where there is no way."""
    places = np.column_stack([levels.start, levels.objects, levels.key]).astype(np.int16)
    steps = geometry.strict_distances(levels.walls, places)[:, 0, -1]
    return [int(s) if np.isfinite(s) else -1 for s in steps]


def walls(levels: MazeLevels) -> list[int]:
    """Number of walls inside the border."""
    inside: list[int] = levels.walls[:, 1:-1, 1:-1].sum(axis=(1, 2)).tolist()
    return inside


#: By name what it says of a level, and its values.
PROPERTIES: Mapping[str, tuple[str, Callable[[MazeLevels], list[str] | list[int]]]] = (
    MappingProxyType(
        {
            "corner": ('quarter in which the agent starts, such as "upper left"', corner),
            "distance": ("steps from the start to the key, other objects avoided", distance),
            "walls": ("walls inside the border", walls),
        }
    )
)
