"""Batches of mazes as arrays, with the look-up tables of the compiled loops."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlgen.levels.family import Levels
from rlgen_envs.maze.rules import CHANNELS, MOVES, OBJECTS

#: Contents of a cell: nothing, object ``i`` (1 to 4), the key, or a wall.
EMPTY, KEY, WALL = 0, 5, 6


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
        world: See ``Levels.world``.
    """

    ids: NDArray[np.int64]
    walls: NDArray[np.bool_]
    start: NDArray[np.int16]
    objects: NDArray[np.int16]
    key: NDArray[np.int16]
    values: NDArray[np.float64]
    usable: NDArray[np.bool_]
    world: str = ""

    @cached_property
    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "world"}

    def take(self, index: ArrayLike | slice) -> Self:
        """The levels at these positions."""
        where = index if isinstance(index, slice) else np.asarray(index, dtype=np.intp)
        taken: dict[str, Any] = {name: own[where] for name, own in self._arrays.items()}
        return replace(self, **taken)

    def joined(self, others: Sequence[Self]) -> Self:
        """Concatenate this batch with others."""
        parts = [self, *others]
        whole: dict[str, Any] = {
            name: np.concatenate([part._arrays[name] for part in parts]) for name in self._arrays
        }
        return replace(self, **whole)

    def fingerprints(self) -> list[str]:
        """SHA-256 of size, walls and positions; rewards are not part of a level's geometry."""
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
    def strides(self) -> NDArray[np.int64]:
        """The change of the cell's number by each action without a wall, int64 ``(5,)``."""
        return np.array(MOVES) @ [self.side[1], 1]

    @cached_property
    def board(self) -> NDArray[np.int8]:
        """The contents of each cell at the start, int8 ``(L, H * W)``: ``EMPTY``, 1 to 4, ..."""
        height, width = self.side
        table = self.walls.reshape(-1, height * width) * np.int8(WALL)
        level = np.arange(len(self))
        for i in range(len(OBJECTS)):
            table[level, self.objects[:, i]] = i + 1
        table[level, self.key] = KEY
        return table

    @cached_property
    def spawns(self) -> list[NDArray[np.int16]]:
        """The free cells without an object of each level, where random spawn starts (A-26)."""
        return [np.flatnonzero(row).astype(np.int16) for row in self.board == EMPTY]

    @cached_property
    def pixels(self) -> NDArray[np.int32]:
        """Indices of the key and the four objects in a flat observation, int32 ``(L, 5)``."""
        channels = [CHANNELS.index(name) for name in ("key", *OBJECTS)]
        cells = np.column_stack([self.key, self.objects]).astype(np.int32)
        return cells + np.array(channels, np.int32) * np.int32(self.side[0] * self.side[1])

    @cached_property
    def negative(self) -> NDArray[np.int64]:
        """The objects that a solver leaves, as bits ``1 << i``, int64 ``(L,)``.

        These are the objects without a positive value.
        """
        return (self.values[:, : len(OBJECTS)] <= 0) @ (1 << np.arange(len(OBJECTS)))
