"""A maze as a graph: free cells are nodes, and open sides are edges."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rlgen.errors import LevelError
from rlgen.levels.capabilities import Graphed, GraphView, as_tabular
from rlgen.levels.family import Family, Levels
from rlgen_protocols.graphs.graph import Graph


@dataclass(frozen=True, eq=False)
class MazeGraph(Graph):
    """The graph of a maze. Features are the channels of the picture but that of walls, in order.

    Of the maze families these six are key, red diamond, blue diamond, bomb, thunder and agent.

    Attributes:
        cells: int64 ``(n, 2)``; row and column of each node, in reading order.
        side: Rows and columns of the picture.
    """

    cells: NDArray[np.int64]
    side: tuple[int, int]


def neighbours(walls: NDArray[np.bool_], moves: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
    """Where moves lead from each free cell.

    Args:
        walls: bool ``(H, W)``.
        moves: Rows and columns of each.

    Returns:
        int64 ``(n, moves)``: numbers of free cells in reading order, -1 for a wall or the outside.

    Example:
        >>> neighbours(np.array([[False, False, True]]), [(0, -1), (0, 1)]).tolist()
        [[-1, 1], [0, -1]]
    """
    reach = max((abs(step) for move in moves for step in move), default=0)
    numbers = np.full(walls.shape, -1)
    numbers[~walls] = np.arange((~walls).sum())
    padded = np.pad(numbers, reach, constant_values=-1)
    rows, columns = np.nonzero(~walls)
    there = [padded[rows + reach + down, columns + reach + right] for down, right in moves]
    return np.stack(there, axis=1)


def of_pictures(pictures: NDArray[np.uint8], view: GraphView) -> list[MazeGraph]:
    """The graphs that observations show.

    Args:
        pictures: uint8 ``(N, C, H, W)``.
        view: How they show them.
    """
    moves = [move for move in view.moves if any(move)]
    graphs = []
    for picture in pictures:
        walls = picture[view.walls] != 0
        there = neighbours(walls, moves)
        sources, numbers = np.nonzero(there >= 0)
        edges = np.stack([sources, there[sources, numbers]])
        cells = np.argwhere(~walls)
        channels = np.delete(picture, view.walls, axis=0)[:, ~walls].T
        features = np.ascontiguousarray(channels, np.float32)
        graphs.append(MazeGraph(edges, features, cells, (len(walls), walls.shape[1])))
    return graphs


def of_levels(family: Family, levels: Levels) -> list[MazeGraph]:
    """The graph of each level as it is at the start of an episode.

    Args:
        family: One whose pictures show a graph, and whose levels are tabular.
        levels: Of the family.

    Raises:
        LevelError: If its pictures show none.

    Example:
        >>> from rlgen.levels import lookup
        >>> family = lookup.family("maze-basic[size=5]")
        >>> of_levels(family, family.generate([0]))[0].features.shape
        (9, 6)
    """
    tabular = as_tabular(family, "mazes as graphs").tabular(levels)
    return of_pictures(tabular.observe(tabular.start), view_of(family))


def view_of(family: Family) -> GraphView:
    """How the family's pictures show a graph.

    Raises:
        LevelError: If they show none.
    """
    if not isinstance(family, Graphed):
        raise LevelError(f"{family.name}: its observations show no graph of free cells")
    return family.graph
