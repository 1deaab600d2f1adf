"""Walls and positions: drawn for each level from its own streams, checked in batches."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from rlgen.errors import LevelError
from rlgen.util.jit import compiled
from rlgen.util.seeding import stream
from rlgen_envs.maze.rules import MOVES

Walls = NDArray[np.bool_]

#: A level is redrawn if collecting some sign pattern's positive objects and then the key can take
#: more steps than this; an episode has 200 (method 1.3).
LONGEST_TOUR = 150
#: Number of placements to try on one layout before the layout is drawn again.
PLACEMENTS_PER_LAYOUT = 20
#: Number of layouts to try before giving up on the options.
LAYOUTS = 200


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
    directions = rng.permuted(np.tile(np.arange(4), (n * n, 1)), axis=1)
    opened = rng.random((side, side)) < braid
    _carve(directions, opened, rng.integers(n * n), walls)
    return walls


@compiled("void(i8[:,::1], b1[:,::1], i8, b1[:,::1])")
def _carve(directions, opened, first, walls):  # type: ignore[no-untyped-def]
    n = len(walls) // 2
    walls[1::2, 1::2] = False
    visited = np.zeros(n * n, np.bool_)
    path = np.empty(n * n, np.int64)
    visited[first], path[0], length = True, first, 1
    while length:
        row, column = divmod(path[length - 1], n)
        for direction in directions[path[length - 1]]:
            dr, dc = MOVES[direction]
            r, c = row + dr, column + dc
            if 0 <= r < n and 0 <= c < n and not visited[r * n + c]:
                walls[2 * row + 1 + dr, 2 * column + 1 + dc] = False
                visited[r * n + c] = True
                path[length] = r * n + c
                length += 1
                break
        else:
            length -= 1
    # Between two rooms exactly one coordinate is even.
    for r in range(1, 2 * n):
        for c in range(1, 2 * n):
            if (r + c) % 2 and opened[r, c]:
                walls[r, c] = False


def draw(
    ids: NDArray[np.int64], path: tuple[str | int, ...], layout: Callable[..., Walls]
) -> tuple[Walls, NDArray[np.int16]]:
    """Draw walls and positions of each level until it is strictly solvable.

    Args:
        ids: Level ids, ``(L,)``.
        path: Names of the streams; the id is the seed.
        layout: Draws the walls of one level from a generator.

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
    """Whether levels are strictly solvable within the tour limit (method 1.3, A-09).

    Strictly solvable: each object can be reached from the start without stepping on any other, so
    that the best return is 2.1 under every sign pattern and the geometry need not depend on the
    flips. The tour limit applies to tours that step on no other object, the longest kind.

    Returns:
        bool ``(L,)``.
    """
    return longest_tour(strict_distances(walls, places)) <= LONGEST_TOUR


def strict_distances(walls: Walls, places: NDArray[np.int16]) -> NDArray[np.float64]:
    """Steps between the six places that avoid the other four, ``(L, 6, 6)``; inf if impossible."""
    distance = np.full((len(walls), 6, 6), np.inf)
    _walk(np.ascontiguousarray(walls), np.ascontiguousarray(places, np.int64), distance)
    return distance


@compiled("void(b1[:,:,::1], i8[:,::1], f8[:,:,::1])")
def _walk(walls, places, distance):  # type: ignore[no-untyped-def]
    # Breadth first from each place; a third place is reached and not left.
    height, width = walls.shape[1:]
    strides = (-width, width, -1, 1)
    steps = np.empty(height * width, np.int64)
    place = np.empty(height * width, np.int64)
    queue = np.empty(height * width, np.int64)
    for level in range(len(walls)):
        closed = walls[level].reshape(-1)
        place[:] = -1
        for i in range(6):
            place[places[level, i]] = i
        for source in range(6):
            steps[:] = -1
            queue[0] = places[level, source]
            steps[queue[0]] = 0
            done, reached = 0, 1
            while done < reached:
                cell = queue[done]
                done += 1
                if place[cell] >= 0:
                    distance[level, source, place[cell]] = steps[cell]
                    if place[cell] != source:
                        continue
                for stride in strides:
                    if not closed[cell + stride] and steps[cell + stride] < 0:
                        steps[cell + stride] = steps[cell] + 1
                        queue[reached] = cell + stride
                        reached += 1


def longest_tour(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Length of the shortest tour from start to key, ``(L,)``.

    The maximum over the 15 sets of positive objects that it collects.
    """
    longest = np.zeros(len(distance))
    _tour(np.ascontiguousarray(distance), longest)
    return longest


@compiled("void(f8[:,:,::1], f8[::1])")
def _tour(distance, longest):  # type: ignore[no-untyped-def]
    # Of tours that collect a set of objects, the shortest by the object that it collects last.
    shortest = np.empty((16, 4))
    for level in range(len(distance)):
        for wanted in range(1, 16):
            tour = np.inf
            for last in range(4):
                before = wanted & ~(1 << last)
                if before == wanted:
                    continue
                steps = np.inf if before else distance[level, 0, last + 1]
                for other in range(4):
                    if before >> other & 1:
                        way = shortest[before, other] + distance[level, other + 1, last + 1]
                        steps = min(steps, way)
                shortest[wanted, last] = steps
                tour = min(tour, steps + distance[level, last + 1, 5])
            longest[level] = max(longest[level], tour)
