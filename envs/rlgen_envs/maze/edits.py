"""Small changes of mazes, for the tests K-12 to K-14 of the method (section 3.3)."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rlgen.errors import LevelError
from rlgen.util.seeding import stream
from rlgen_envs.maze.levels import MazeLevels
from rlgen_envs.maze.rules import OBJECTS

Cells = NDArray[np.int64]


def wall(levels: MazeLevels, variant: int) -> MazeLevels:
    """Put a wall on one free cell without an object, other than the start."""
    walls = levels.walls.copy()
    for n, level_id in enumerate(levels.ids):
        free = np.setdiff1d(levels.spawns[n], levels.start[n])
        walls[n].flat[_stream(level_id, "wall", variant).choice(free)] = True
    return replace(levels, walls=walls)


def symmetry(levels: MazeLevels, variant: int) -> MazeLevels:
    """Rotate the level by ``(variant + 1) % 4`` quarter turns; mirror it from variant 3 on.

    The seven variants are the symmetries of the square other than the identity. Actions are not
    renamed: the rotated level is played like any other.
    """
    height, width = levels.side
    if height != width:
        raise LevelError("only square mazes can be rotated")
    turns, mirrored = (variant + 1) % 4, variant >= 3

    def turned(board: NDArray[np.generic]) -> NDArray[np.generic]:
        board = np.rot90(board, turns, axes=(-2, -1))
        return board[..., ::-1] if mirrored else board

    # The new place of each cell: the inverse of the rotated board of cell numbers.
    goes = np.argsort(turned(np.arange(height * width).reshape(height, width)).ravel())

    def moved(cells: NDArray[np.int16]) -> NDArray[np.int16]:
        return goes[cells].astype(np.int16)

    return replace(
        levels,
        walls=np.ascontiguousarray(turned(levels.walls)).astype(np.bool_),
        start=moved(levels.start),
        objects=moved(levels.objects),
        key=moved(levels.key),
    )


def object_move(levels: MazeLevels, variant: int) -> MazeLevels:
    """Move one of the four objects to a free cell other than the start."""
    objects = levels.objects.copy()
    for n, level_id in enumerate(levels.ids):
        rng = _stream(level_id, "object_move", variant)
        free = np.setdiff1d(levels.spawns[n], levels.start[n])
        objects[n, rng.integers(len(OBJECTS))] = rng.choice(free)
    return replace(levels, objects=objects)


def object_swap(levels: MazeLevels, variant: int) -> MazeLevels:
    """Exchange a diamond and a bomb or thunder."""
    objects = levels.objects.copy()
    for n, level_id in enumerate(levels.ids):
        rng = _stream(level_id, "object_swap", variant)
        one, other = int(rng.integers(2)), 2 + int(rng.integers(2))
        objects[n, [one, other]] = objects[n, [other, one]]
    return replace(levels, objects=objects)


def _stream(level_id: np.int64, edit: str, variant: int) -> np.random.Generator:
    return stream(int(level_id), "edit", edit, variant)


#: Name -> the edit and the number of its variants, 0 where variants are drawn at random.
EDITS: dict[str, tuple[Callable[[MazeLevels, int], MazeLevels], int]] = {
    "wall": (wall, 0),
    "symmetry": (symmetry, 7),
    "object_move": (object_move, 0),
    "object_swap": (object_swap, 0),
}
