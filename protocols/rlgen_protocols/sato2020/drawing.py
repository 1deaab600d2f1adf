"""Pairs of mazes that 1-WL cannot tell apart, drawn on a board: a dumbbell and a theta.

Rings and corridors are one cell wide and do not touch elsewhere. Dead ends hang at all cells of one
colour class, so that the pair stays equal for 1-WL; only classes on the rings leave room for them.
"""

from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rlgen_protocols.graphs.graph import Graph
from rlgen_protocols.graphs.mazes import MazeGraph, neighbours

#: Rows and columns of the board.
SIDE = 21
MOVES = ((-1, 0), (1, 0), (0, -1), (0, 1))
#: Lengths of rings in the range of training, and beyond it; edges of corridors.
IN_RANGE, BEYOND, CORRIDORS = (8, 10, 12), (14, 16), (2, 4)
#: Longest dead ends.
DEEPEST = 2
Shape = Literal["dumbbell", "theta"]
Cell = tuple[int, int]


@dataclass(frozen=True)
class Kind:
    """A pair of mazes.

    Attributes:
        length: Edges of a ring of the dumbbell, and of two corridors of the theta; even, from 8.
        corridor: Edges of the dumbbell's corridor and of the theta's third; 2 or 4.
        place: Distance from the nearest junction of the cells at which dead ends hang, along a
            ring, from 1 to half its length; 0 without dead ends.
        depth: Cells of each dead end; 0 without.
    """

    length: int
    corridor: int
    place: int = 0
    depth: int = 0


def kinds(lengths: tuple[int, ...]) -> list[Kind]:
    """All pairs with rings of these lengths."""
    every = []
    for length, corridor in product(lengths, CORRIDORS):
        ends = product(range(1, length // 2 + 1), range(1, DEEPEST + 1))
        every += [Kind(length, corridor), *(Kind(length, corridor, *end) for end in ends)]
    return every


def cells(kind: Kind, shape: Shape) -> NDArray[np.int64]:
    """Free cells ``(n, 2)``: rows and columns from 0."""
    free = sorted(_dumbbell(kind) if shape == "dumbbell" else _theta(kind))
    places: NDArray[np.int64] = np.array(free) - np.min(free, axis=0)
    return places


def _outline(height: int, width: int) -> set[Cell]:
    """The border of a rectangle of cells."""
    edges = {(row, column) for row in (0, height - 1) for column in range(width)}
    return edges | {(row, column) for row in range(height) for column in (0, width - 1)}


def _dumbbell(kind: Kind) -> set[Cell]:
    """Two rings of three rows, joined in the middle row."""
    width = kind.length // 2 - 1
    whole = 2 * width + kind.corridor - 1
    half = _outline(3, width)
    for step in range(1, kind.depth + 1):
        if kind.place == width + 1:
            half.add((1, -step))
        else:
            half |= {(row, width - kind.place) for row in (-step, 2 + step)}
    corridor = {(1, column) for column in range(width, width + kind.corridor - 1)}
    return half | corridor | {(row, whole - 1 - column) for row, column in half}


def _theta(kind: Kind) -> set[Cell]:
    """A ring with a corridor across its middle."""
    bottom, width = kind.corridor, kind.length - kind.corridor + 1
    middle = width // 2
    free = _outline(bottom + 1, width) | {(row, middle) for row in range(bottom + 1)}
    for step in range(1, kind.depth + 1):
        if kind.place <= middle:
            columns = (middle - kind.place, middle + kind.place)
            free |= set(product((-step, bottom + step), columns))
        else:
            down = kind.place - middle
            free |= set(product((down, bottom - down), (-step, width - 1 + step)))
    return free


def draw(kind: Kind, shape: Shape, rng: np.random.Generator) -> MazeGraph:
    """The maze on a board, turned or mirrored and placed at random; one feature that is 1."""
    places = cells(kind, shape)
    if rng.integers(2):
        places = places[:, ::-1]
    places = np.where(rng.integers(2, size=2) > 0, places.max(axis=0) - places, places)
    places = places + np.array([int(rng.integers(SIDE - most)) for most in places.max(axis=0)])
    walls = np.ones((SIDE, SIDE), np.bool_)
    walls[places[:, 0], places[:, 1]] = False
    return _of_board(walls)


def of_cells(kind: Kind, shape: Shape) -> MazeGraph:
    """The maze as it is laid out, without a board around it."""
    places = cells(kind, shape)
    walls = np.ones(places.max(axis=0) + 1, np.bool_)
    walls[places[:, 0], places[:, 1]] = False
    return _of_board(walls)


def _of_board(walls: NDArray[np.bool_]) -> MazeGraph:
    there = neighbours(walls, MOVES)
    sources, numbers = np.nonzero(there >= 0)
    edges = np.stack([sources, there[sources, numbers]])
    ones = np.ones((len(there), 1), np.float32)
    return MazeGraph(edges, ones, np.argwhere(~walls), (len(walls), walls.shape[1]))


def coordinates(graph: MazeGraph) -> NDArray[np.float32]:
    """Row and column of each cell as shares of the board, ``(n, 2)``."""
    return (graph.cells / SIDE).astype(np.float32)


def rooted(graph: Graph) -> Graph:
    """Copies of a graph, one for each root, with distances from it in tenths as features.

    Li et al. 2020, Distance Encoding, https://arxiv.org/abs/2009.00142, with one root at a time.
    """
    n, edges = graph.n, graph.edges
    copies = np.concatenate([edges + n * root for root in range(n)], axis=1)
    return Graph(copies, (graph.distances().reshape(-1, 1) / 10).astype(np.float32))
