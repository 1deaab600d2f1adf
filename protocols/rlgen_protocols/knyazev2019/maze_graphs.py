"""The same questions of mazes: how many red diamonds lie about, how many open squares there are.

A grid has no triangles; its smallest loops are squares of two by two free cells.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from rlgen.levels import lookup
from rlgen_protocols.graphs.mazes import MazeGraph, of_levels
from rlgen_protocols.knyazev2019.sets import GraphSet

Rng = np.random.Generator
#: Mazes of 9 to 25 free cells, and of 41 to 113.
SMALL = (
    "maze-basic[size=5]",
    "maze-blocks[size=6,blocks=4]",
    "maze-blocks[size=7,blocks=8]",
    "maze-blocks[size=7,blocks=3]",
    "maze-basic[size=7]",
)
LARGE = (
    "maze-blocks[size=9,blocks=8]",
    "maze-blocks[size=11,blocks=16]",
    "maze-blocks[size=13,blocks=24]",
    "maze-blocks[size=13,blocks=8]",
)
#: Mazes with few open squares, of 17 to 21 free cells, and of 48 to 58.
SMALL_LOOPED = (
    "maze-blocks[size=7,blocks=4]",
    "maze-blocks[size=7,blocks=6]",
    "maze-blocks[size=7,blocks=8]",
)
LARGE_LOOPED = ("maze-blocks[size=11,blocks=33]", "maze-blocks[size=12,blocks=42]")
#: The channel of red diamonds among the features, and the most of them.
RED, MOST_RED = 1, 10
#: Numbers of open squares that are not rare in either, and degrees from 0.
LOOPS, DEGREES = range(3, 9), 5
#: Level ids are drawn below this number.
IDS = 2**31
#: Levels of each family that are drawn at once.
CHUNK = 50


def diamonds(rng: Rng, graphs: int, families: Sequence[str], *, new: bool = False) -> GraphSet:
    """MAZE-COLORS: the label is the number of red diamonds, 0 to 10, uniform over the possible.

    The other things of a level lie where they do, but for those that a diamond replaces.

    Args:
        rng: Draws them.
        graphs: How many, about equally many of each family.
        families: Names of maze families that show the whole maze.
        new: Whether each cell without a red diamond has any of the other things, each with
            probability 1/2: LargeC.
    """
    parts = []
    for maze in _mazes(rng, graphs, families):
        features = maze.features.copy()
        features[:, RED] = 0
        red = rng.permutation(maze.n)[: rng.integers(0, min(MOST_RED, maze.n) + 1)]
        if new:
            features = rng.integers(0, 2, features.shape).astype(np.float32)
            features[:, RED] = 0
        features[red] = np.eye(features.shape[1], dtype=np.float32)[RED]
        parts.append(_one(maze.with_features(features), len(red), features[:, RED]))
    return parts[0].joined(parts[1:])


def loops(rng: Rng, graphs: int, families: Sequence[str]) -> GraphSet:
    """MAZE-LOOPS: the label is the number of open squares, 3 to 8, equally many of each.

    Features are degrees, one channel each; the true attention of a cell is in proportion to the
    squares that it is a corner of.

    Args:
        rng: Draws them.
        graphs: How many.
        families: As of ``diamonds``.
    """
    left = dict.fromkeys(LOOPS, -(-graphs // len(LOOPS)))
    parts = []
    while any(left.values()):
        for maze in _mazes(rng, CHUNK * len(families), families):
            corners = squares(maze)
            label = int(corners.sum()) // 4
            if left.get(label, 0):
                left[label] -= 1
                features = np.eye(DEGREES, dtype=np.float32)[maze.degrees]
                parts.append(_one(maze.with_features(features), label, corners))
    return parts[0].joined(parts[1:]).take(rng.permutation(len(parts))[:graphs])


def squares(maze: MazeGraph) -> NDArray[np.float32]:
    """Number of squares of two by two free cells that each free cell is in, float32 ``(n,)``."""
    free = np.zeros(maze.side, np.float32)
    rows, columns = maze.cells.T
    free[rows, columns] = 1
    whole = free[1:, 1:] * free[:-1, 1:] * free[1:, :-1] * free[:-1, :-1]
    around = np.pad(whole, 1)
    at = around[1:, 1:] + around[:-1, 1:] + around[1:, :-1] + around[:-1, :-1]
    corners: NDArray[np.float32] = at[rows, columns]
    return corners


def _mazes(rng: Rng, graphs: int, families: Sequence[str]) -> Iterator[MazeGraph]:
    """So many mazes in random order, about equally many of each family."""
    each = -(-graphs // len(families))
    mazes: list[MazeGraph] = []
    for name in families:
        family = lookup.family(name)
        mazes += of_levels(family, family.generate(rng.integers(0, IDS, each)))
    for place in rng.permutation(len(mazes))[:graphs]:
        yield mazes[place]


def _one(graph: MazeGraph, label: int, weights: NDArray[np.float32]) -> GraphSet:
    """A set of one graph; attention is proportional to the weights."""
    order = np.lexsort(graph.edges[::-1])
    total = weights.sum()
    return GraphSet(
        np.array([graph.n]),
        np.array([graph.edges.shape[1]]),
        graph.features,
        graph.edges[:, order],
        np.array([label]),
        (weights / total if total else np.zeros_like(weights)).astype(np.float32),
        graph.cells,
    )
