"""Walls and positions: drawn for each level from its own streams, checked for the whole batch.

Boards are checked as bitboards: a row of a board is one unsigned integer, so one step of a flood
fill over thousands of levels is a handful of array operations.
"""

from collections.abc import Callable
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from rlgen.errors import LevelError
from rlgen.seeding import stream

Walls = NDArray[np.bool_]
Rows = NDArray[np.uint64]

#: A level is redrawn if collecting some sign pattern's positive objects and then the key can take
#: more steps than this; an episode has 200 (method 1.3).
LONGEST_TOUR = 150
#: Placements tried on one layout before the layout is drawn again.
PLACEMENTS_PER_LAYOUT = 20
#: Layouts tried before the options are declared hopeless.
LAYOUTS = 200

_ONE = np.uint64(1)


def room(side: int) -> Walls:
    """An empty ``side x side`` room with its border wall."""
    walls = np.ones((side, side), dtype=np.bool_)
    walls[1:-1, 1:-1] = False
    return walls


def blocks(rng: np.random.Generator, side: int, count: int) -> Walls:
    """A room with ``count`` single-cell obstacles on random cells."""
    walls = room(side)
    inside = np.flatnonzero(~walls)
    walls.flat[rng.permutation(inside)[:count]] = True
    return walls


def tunnels(rng: np.random.Generator, side: int, braid: float) -> Walls:
    """A recursive-backtracker maze whose remaining inner walls open with probability ``braid``.

    A perfect maze (``braid`` 0) can hardly ever be solved without stepping on a negative object,
    because a bomb in a corridor blocks it (method 1.3, A-08).
    """
    walls = np.ones((side, side), dtype=np.bool_)
    n = side // 2
    directions = rng.permuted(np.tile(np.arange(4), (n * n, 1)), axis=1).tolist()
    opened = rng.random((side, side)) < braid
    room_ = int(rng.integers(n * n))
    visited = {room_}
    path = [room_]
    walls[1::2, 1::2] = False
    while path:
        row, column = divmod(path[-1], n)
        for direction in directions[path[-1]]:
            dr, dc = ((-1, 0), (1, 0), (0, -1), (0, 1))[direction]
            r, c = row + dr, column + dc
            if 0 <= r < n and 0 <= c < n and r * n + c not in visited:
                walls[2 * row + 1 + dr, 2 * column + 1 + dc] = False
                visited.add(r * n + c)
                path.append(r * n + c)
                break
        else:
            path.pop()
    # Between two rooms exactly one coordinate is even.
    between = np.zeros_like(walls)
    between[1:-1:2, 2:-1:2] = True
    between[2:-1:2, 1:-1:2] = True
    walls[between & opened] = False
    return walls


def draw(
    ids: NDArray[np.int64], path: tuple[str | int, ...], layout: Callable[..., Walls]
) -> tuple[Walls, NDArray[np.int16]]:
    """Walls and positions of each level, redrawn until strictly solvable.

    Args:
        ids: Level ids, ``(L,)``.
        path: Names the streams; the id is the seed.
        layout: Makes the walls of one level from a generator.

    Returns:
        Walls bool ``(L, H, W)`` and cells int16 ``(L, 6)`` of start, the four objects, and key.

    Raises:
        LevelError: If no solvable level is found for some id.
    """
    layouts = [stream(int(i), *path, "layout") for i in ids]
    placings = [stream(int(i), *path, "placement") for i in ids]
    if not len(ids):
        side = layout(stream(0, *path, "layout")).shape[0]
        return np.zeros((0, side, side), np.bool_), np.zeros((0, 6), np.int16)
    walls = np.stack([layout(rng) for rng in layouts])
    places = np.zeros((len(ids), 6), np.int16)
    pending = np.arange(len(ids))
    for _ in range(LAYOUTS):
        free = {int(i): np.flatnonzero(~walls[i]).astype(np.int16) for i in pending}
        for _ in range(PLACEMENTS_PER_LAYOUT):
            for i in pending:
                places[i] = placings[i].permutation(free[int(i)])[:6]
            pending = pending[~solvable(walls[pending], places[pending])]
            if not len(pending):
                return walls, places
        for i in pending:
            walls[i] = layout(layouts[i])
    raise LevelError(f"no solvable level found for id {ids[pending[0]]} with these options")


def solvable(walls: Walls, places: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Strict solvability and the tour limit (method 1.3, A-09).

    Strict: from the start each object can be reached without stepping on any other, so that the
    best return is 2.1 under every sign pattern and the geometry need not depend on the flips.
    The tour limit is applied to tours that step on no other object, the longest kind.

    Returns:
        bool ``(L,)``.
    """
    return longest_tour(strict_distances(walls, places)) <= LONGEST_TOUR


def strict_distances(walls: Walls, places: NDArray[np.int16]) -> NDArray[np.float64]:
    """Steps between the six places without stepping on a third one, ``(L, 6, 6)``; else inf."""
    n_levels, height, width = walls.shape
    weights = _ONE << np.arange(width, dtype=np.uint64)
    open_ = (~walls * weights).sum(axis=2, dtype=np.uint64)[:, None, :]
    row, column = np.divmod(places.astype(np.int64), width)
    level = np.arange(n_levels)[:, None]
    spots = np.zeros((n_levels, 6, height), np.uint64)
    spots[level, np.arange(6), row] = _ONE << column.astype(np.uint64)
    between = open_ & ~np.bitwise_or.reduce(spots, axis=1, keepdims=True)
    # bit (l, target) of a board (l, source, row): the board's row and bit of each target
    rows = np.broadcast_to(row[:, None, :], (n_levels, 6, 6))
    bits = column.astype(np.uint64)[:, None, :]
    distance = np.full((n_levels, 6, 6), np.inf)
    distance[:, np.arange(6), np.arange(6)] = 0
    reached = spots
    for step in range(1, height * width):
        around = spread(reached) & open_
        hit = (np.take_along_axis(around, rows, axis=2) >> bits) & _ONE == _ONE
        distance[hit & np.isinf(distance)] = step
        grown = reached | (around & between)
        if np.array_equal(grown, reached):
            break
        reached = grown
    return distance


def spread(board: Rows) -> Rows:
    """The four-neighbourhood of the set cells of boards ``(..., H)``, without them."""
    around = (board << _ONE) | (board >> _ONE)
    around[..., 1:] |= board[..., :-1]
    around[..., :-1] |= board[..., 1:]
    return around


def longest_tour(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Longest, over the 15 sets of positive objects, shortest tour from start to key, ``(L,)``."""
    longest = np.zeros(len(distance))
    for wanted in range(1, 16):
        objects = [i + 1 for i in range(4) if wanted >> i & 1]
        stops = np.array([(0, *order, 5) for order in permutations(objects)])
        tours = distance[:, stops[:, :-1], stops[:, 1:]].sum(axis=2)
        longest = np.maximum(longest, tours.min(axis=1))
    return longest
