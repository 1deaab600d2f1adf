"""Graphs with a number each that is to be learnt from some of them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rlgen.errors import ProtocolError, nearest
from rlgen.levels import lookup
from rlgen.levels.family import Family, Levels
from rlgen.levels.split import draw_split
from rlgen.util.seeding import stream
from rlgen_protocols.graphs.graph import Graph
from rlgen_protocols.graphs.mazes import MazeGraph, of_levels

NAME = "du2019"
Floats = NDArray[np.float64]
#: Features of nodes of the random graphs.
FEATURES = 4
#: Nodes of the random graphs, the least and the most, and the probability of an edge.
LEAST, MOST, EDGE = 8, 14, 0.3


@dataclass(frozen=True)
class Task:
    """Graphs and their targets, those for training first.

    Attributes:
        graphs: All.
        targets: float64 ``(graphs,)``.
        labels: Integers of the nodes of each graph, for kernels that take no numbers.
    """

    graphs: list[Graph]
    targets: Floats
    labels: list[NDArray[np.int64]]


def theorem(seed: int, family: str, train: int, tests: int) -> Task:
    """A smooth function of the paper's theorem on random graphs with Gaussian features.

    The sum over nodes of ``<h, b> + <h, c>^2``, where h is the normalised sum of features over the
    node and its neighbours (section 4.2, there any even powers). Labels are the features' signs.
    """
    import networkx as nx

    del family  # these graphs are no mazes
    rng = stream(seed, NAME, "theorem")
    linear, square = (v / np.linalg.norm(v) for v in rng.normal(size=(2, FEATURES)))
    graphs, targets, labels = [], [], []
    for _ in range(train + tests):
        n = int(rng.integers(LEAST, MOST + 1))
        random_graph = nx.gnp_random_graph(n, EDGE, seed=int(rng.integers(2**31)))
        graph = Graph.of_networkx(random_graph, rng.normal(size=(n, FEATURES)))
        sums = graph.features.astype(np.float64)
        np.add.at(sums, graph.edges[1], graph.features[graph.edges[0]])
        sums /= np.linalg.norm(sums, axis=1, keepdims=True)
        graphs.append(graph)
        targets.append((sums @ linear + (sums @ square) ** 2).sum())
        labels.append((graph.features > 0) @ (1 << np.arange(FEATURES)))
    return Task(graphs, np.array(targets), labels)


def _dead_ends(graph: MazeGraph) -> float:
    return float((graph.degrees == 1).sum())


def _junctions(graph: MazeGraph) -> float:
    return float((graph.degrees >= 3).sum())


def _steps(graph: MazeGraph) -> float:
    """Moves from the agent's cell to the key's: the last channel and the first."""
    agent, key = (int(graph.features[:, channel].argmax()) for channel in (-1, 0))
    return float(graph.distances()[agent, key])


def _objects(graph: MazeGraph) -> Floats:
    """1 and the channels of the picture: what networks that play the maze are given."""
    return np.column_stack([np.ones(graph.n), graph.features])


def _degrees(graph: MazeGraph) -> Floats:
    """The degree as a tag, as the authors do with graphs whose nodes have no labels."""
    return np.eye(5)[graph.degrees]


@dataclass(frozen=True)
class _Counted:
    """A task of mazes: what is counted, and what is seen of each cell."""

    count: Callable[[MazeGraph], float]
    view: Callable[[MazeGraph], Floats]


def of_objects(family: Family, levels: Levels) -> list[Graph]:
    """Levels as graphs whose nodes have a 1 and the objects that are there."""
    return [maze.with_features(_objects(maze)) for maze in of_levels(family, levels)]


MAZES = {
    "dead-ends": _Counted(_dead_ends, _degrees),
    "junctions": _Counted(_junctions, _degrees),
    "dead-ends-unseen": _Counted(_dead_ends, _objects),
    "steps": _Counted(_steps, _objects),
}


def mazes(seed: int, family: str, counted: str, train: int, tests: int) -> Task:
    """A number of mazes.

    Args:
        seed: Of the pools of levels.
        family: Whose levels they are.
        counted: One of ``MAZES``.
        train: Training levels.
        tests: Test levels, the same for all seeds.
    """
    split = draw_split(lookup.family(family), train, pool_seed=seed, n_test=tests)
    task, graphs, targets = MAZES[counted], list[Graph](), []
    for levels in (split.train, split.test):
        for maze in of_levels(split.family, levels):
            graphs.append(maze.with_features(task.view(maze)))
            targets.append(task.count(maze))
    return Task(graphs, np.array(targets), [tags(graph) for graph in graphs])


def tags(graph: Graph) -> NDArray[np.int64]:
    """One integer for the features of each node, which are 0 or 1, ``(n,)``."""
    powers = 1 << np.arange(graph.features.shape[1])
    numbers: NDArray[np.int64] = graph.features.astype(np.int64) @ powers
    return numbers


def named(task: str, seed: int, family: str, train: int, tests: int) -> Task:
    """A task by its name.

    Raises:
        ProtocolError: For a name that is none.
    """
    if task == "theorem":
        return theorem(seed, family, train, tests)
    if task not in MAZES:
        raise ProtocolError(f"task = {task!r}{nearest(task, ['theorem', *MAZES])}")
    return mazes(seed, family, task, train, tests)
