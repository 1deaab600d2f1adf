"""A batch of mazes as arrays, with the look-up tables that the fast environment is made of."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlgen.levels import Levels
from rlgen_envs.maze.rules import CHANNELS, MOVES, OBJECTS

#: What stands on a cell: nothing, object ``i`` (1 to 4), or the key.
EMPTY, KEY = 0, 5


@dataclass(frozen=True, eq=False)
class MazeLevels(Levels):
    """``L`` mazes of one size. A cell is ``row * width + column``.

    Attributes:
        ids: int64 ``(L,)``.
        walls: bool ``(L, H, W)``.
        start: int16 ``(L,)``; start cell.
        objects: int16 ``(L, 4)``; cells of red, blue, bomb, thunder.
        key: int16 ``(L,)``; the key's cell.
        values: float64 ``(L, 5)``; rewards of red, blue, bomb, thunder, key.
        usable: bool ``(L,)``; whether the level can pay 2.1.
    """

    ids: NDArray[np.int64]
    walls: NDArray[np.bool_]
    start: NDArray[np.int16]
    objects: NDArray[np.int16]
    key: NDArray[np.int16]
    values: NDArray[np.float64]
    usable: NDArray[np.bool_]

    def take(self, index: ArrayLike | slice) -> Self:
        """The sub-batch at these positions."""
        where = index if isinstance(index, slice) else np.asarray(index, dtype=np.intp)
        return type(self)(*(getattr(self, field.name)[where] for field in fields(self)))

    def joined(self, others: Sequence[Self]) -> Self:
        """This batch and others as one."""
        parts = [self, *others]
        return type(self)(
            *(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(self))
        )

    def fingerprints(self) -> list[str]:
        """SHA-256 of size, walls and positions; rewards are no part of a level's geometry."""
        places = np.column_stack([self.start, self.objects, self.key]).astype("<i2")
        size = np.array(self.walls.shape[1:], dtype="<i2").tobytes()
        return [
            hashlib.sha256(size + wall.tobytes() + place.tobytes()).hexdigest()
            for wall, place in zip(np.packbits(self.walls, axis=(1)), places, strict=True)
        ]

    def content_hash(self) -> str:
        """SHA-256 of the geometry and the rewards of all levels."""
        rewards = np.ascontiguousarray(self.values).tobytes()
        return hashlib.sha256("".join(self.fingerprints()).encode() + rewards).hexdigest()

    @property
    def side(self) -> tuple[int, int]:
        """Height and width in cells, border included."""
        return self.walls.shape[1], self.walls.shape[2]

    @cached_property
    def next_cell(self) -> NDArray[np.int16]:
        """Where each action leads from each cell, int16 ``(L, H * W, 5)``; bumps stay put."""
        height, width = self.side
        cells = np.arange(height * width, dtype=np.int16)
        row, column = np.divmod(cells, np.int16(width))
        blocked = self.walls.reshape(len(self), -1)
        table = np.empty((len(self), height * width, len(MOVES)), np.int16)
        for action, (dr, dc) in enumerate(MOVES):
            r, c = row + dr, column + dc
            inside = (r >= 0) & (r < height) & (c >= 0) & (c < width)
            target = np.where(inside, r * np.int16(width) + c, cells)
            table[:, :, action] = np.where(blocked[:, target], cells, target)
        return table

    @cached_property
    def item(self) -> NDArray[np.int8]:
        """What stands on each cell at the start, int8 ``(L, H * W)``: 0, object 1 to 4, key 5."""
        table = np.zeros((len(self), self.walls[0].size if len(self) else 0), np.int8)
        level = np.arange(len(self))
        for i in range(len(OBJECTS)):
            table[level, self.objects[:, i]] = i + 1
        table[level, self.key] = KEY
        return table

    @cached_property
    def spawns(self) -> list[NDArray[np.int16]]:
        """Free cells without an object, of each level: the start cells of random spawn (A-26)."""
        free = ~self.walls.reshape(len(self), -1) & (self.item == EMPTY)
        return [np.flatnonzero(row).astype(np.int16) for row in free]

    @cached_property
    def pictures(self) -> NDArray[np.uint8]:
        """All channels with all objects and without the agent, uint8 ``(L, 7, H * W)``."""
        height, width = self.side
        table = np.zeros((len(self), len(CHANNELS), height * width), np.uint8)
        level = np.arange(len(self))
        table[:, CHANNELS.index("wall")] = self.walls.reshape(len(self), -1)
        table[level, CHANNELS.index("key"), self.key] = 1
        for i, name in enumerate(OBJECTS):
            table[level, CHANNELS.index(name), self.objects[:, i]] = 1
        return table
