"""The same questions of mazes: what is asked of the start state of a level, and its answer.

Rewards of objects are shown to the networks as a further channel: pictures of levels do not have
them, and value differences and best subsets depend on them.
"""

from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from rlgen.levels.family import Family, Levels
from rlgen_protocols.graphs.mazes import MazeGraph, of_levels
from rlgen_protocols.xu2020.animals import furthest, pair_index
from rlgen_protocols.xu2020.examples import Floats, Labels
from rlgen_protocols.xu2020.subset_sum import members

VALUE_RANGE, FURTHEST_OBJECTS, STEPS_TO_KEY, BEST_SUBSET = (
    "value-range",
    "furthest-objects",
    "steps-to-key",
    "best-subset",
)
NAMES = (VALUE_RANGE, FURTHEST_OBJECTS, STEPS_TO_KEY, BEST_SUBSET)
OBJECTS = 4
#: Distances to the key are told apart up to this one, in bins of two.
FARTHEST = 24
#: Steps that may be taken for a subset, as a share of those for all objects and then the key.
BUDGET = 0.6


@dataclass(frozen=True)
class Mazes:
    """Start states as networks take them, with their answers. ``n`` levels, ``N`` cells at most.

    Attributes:
        pictures: float32 ``(n, 8, H, W)``: the seven channels, and the reward of what lies there.
        cells: float32 ``(n, N + 1, 9)``: of each free cell the six channels without walls, the
            reward, row and column as shares of the side; the first row is that of no cell.
        neighbours: int64 ``(n, N + 1, 4)``: rows of ``cells`` that each move leads to, 0 for none.
        things: float32 ``(n, 6, 9)``: the rows of ``cells`` of key, objects and agent.
        subsets: float32 ``(n, 16, 7)``: of each set of objects the steps of its shortest tour and
            those that may be taken, as shares of the longest tour, its reward, and its members.
        labels: int64 ``(n,)``.
        distances: int64 ``(n,)``: steps from the agent to the key.
        classes: How many there are.
    """

    pictures: Floats
    cells: Floats
    neighbours: NDArray[np.int64]
    things: Floats
    subsets: Floats
    labels: Labels
    distances: NDArray[np.int64]
    classes: int


def mazes(question: str, family: Family, levels: Levels) -> Mazes:
    """Levels as networks take them, with the answer to a question.

    Levels with several furthest pairs of objects are left out where that is the question.

    Args:
        question: One of ``NAMES``.
        family: A maze family.
        levels: Of the family.
    """
    graphs = of_levels(family, levels)
    rewards = np.asarray(levels.values)[:, :OBJECTS]  # type: ignore[attr-defined]
    stations = [_stations(graph) for graph in graphs]
    paths = np.stack([g.distances()[np.ix_(s, s)] for g, s in zip(graphs, stations, strict=True)])
    places = np.stack([g.cells[s] for g, s in zip(graphs, stations, strict=True)])
    tours = np.stack([shortest_tours(own) for own in paths])
    labels, classes = _answers(question, rewards, places, paths, tours)
    keep = np.flatnonzero(labels >= 0)
    cells, neighbours = _padded([graphs[i] for i in keep], [rewards[i] for i in keep])
    rows = np.stack([stations[i] + 1 for i in keep])
    return Mazes(
        _pictures([graphs[i] for i in keep], cells),
        cells,
        neighbours,
        np.take_along_axis(cells, rows[:, :, None], axis=1),
        _subsets(tours[keep], rewards[keep]),
        labels[keep],
        paths[keep, 5, 0].astype(np.int64),
        classes,
    )


def _stations(graph: MazeGraph) -> NDArray[np.int64]:
    """Nodes of key, four objects and agent."""
    return np.asarray(graph.features.argmax(axis=0))


def _answers(
    question: str,
    rewards: NDArray[np.float64],
    places: NDArray[np.int64],
    paths: NDArray[np.float64],
    tours: NDArray[np.float64],
) -> tuple[Labels, int]:
    """The class of each level, negative where it is left out, and how many there are."""
    if question == VALUE_RANGE:
        # With k good objects it is 4 / k, and 0 with four.
        return (rewards > 0).sum(axis=1) - 1, OBJECTS
    if question == FURTHEST_OBJECTS:
        pairs, equal = furthest(places[:, 1 : 1 + OBJECTS])
        return np.where(equal == 1, pair_index(pairs, OBJECTS), -1), OBJECTS * (OBJECTS + 1) // 2
    if question == STEPS_TO_KEY:
        steps = np.minimum(paths[:, 5, 0].astype(np.int64), FARTHEST)
        return (steps - 1) // 2, (FARTHEST - 1) // 2 + 1
    return best_subset(tours, rewards), 2**OBJECTS


def shortest_tours(paths: NDArray[np.float64]) -> NDArray[np.float64]:
    """Steps of the shortest tour from the agent over the members of each set to the key ``(16,)``.

    Tours may pass other objects.

    Args:
        paths: ``(6, 6)``, steps between key, four objects and agent.
    """
    tours = np.full(2**OBJECTS, np.inf)
    for size in range(OBJECTS + 1):
        for order in permutations(range(OBJECTS), size):
            stops = [5, *(o + 1 for o in order), 0]
            steps = paths[stops[:-1], stops[1:]].sum()
            subset = sum(1 << o for o in order)
            tours[subset] = min(tours[subset], steps)
    return tours


def best_subset(tours: NDArray[np.float64], rewards: NDArray[np.float64]) -> Labels:
    """The set of objects with the largest reward within the budget, as a bit mask ``(n,)``.

    Of equal ones that with the shorter tour, then the smaller number; the empty set always may be.

    Args:
        tours: ``(n, 16)``.
        rewards: ``(n, 4)``.
    """
    gains = rewards @ _members().T
    allowed = tours <= BUDGET * tours[:, -1:]
    allowed[:, 0] = True
    # Rewards are multiples of 1/6: whole numbers compare exactly, and tours are below 1,000.
    order = np.round(6 * gains) * 1000 - tours
    return np.asarray(np.where(allowed, order, -np.inf).argmax(axis=1))


def _members() -> NDArray[np.float64]:
    """Members of each set by its bit mask, ``(16, 4)``."""
    return np.vstack([np.zeros((1, OBJECTS)), members(OBJECTS)])


def _subsets(tours: NDArray[np.float64], rewards: NDArray[np.float64]) -> Floats:
    longest = tours[:, -1:]
    sets = np.broadcast_to(_members(), (len(tours), *_members().shape))
    budget = np.broadcast_to(BUDGET, tours.shape)
    parts = [tours / longest, budget, rewards @ _members().T]
    return np.concatenate([np.stack(parts, axis=2), sets], axis=2).astype(np.float32)


def _padded(
    graphs: list[MazeGraph], rewards: list[NDArray[np.float64]]
) -> tuple[Floats, NDArray[np.int64]]:
    """Cells and neighbours of ``Mazes``."""
    most = max(graph.n for graph in graphs)
    cells = np.zeros((len(graphs), most + 1, 9), np.float32)
    neighbours = np.zeros((len(graphs), most + 1, 4), np.int64)
    for i, (graph, own) in enumerate(zip(graphs, rewards, strict=True)):
        inside = slice(1, graph.n + 1)
        cells[i, inside, :6] = graph.features
        cells[i, inside, 6] = graph.features[:, 1 : 1 + OBJECTS] @ own
        cells[i, inside, 7:] = graph.cells / np.array(graph.side)
        order = np.argsort(graph.edges[0], kind="stable")
        sources, targets = graph.edges[:, order]
        degrees = np.bincount(sources, minlength=graph.n)
        place = np.arange(len(sources)) - np.repeat(degrees.cumsum() - degrees, degrees)
        neighbours[i, sources + 1, place] = targets + 1
    return cells, neighbours


def _pictures(graphs: list[MazeGraph], cells: Floats) -> Floats:
    height, width = graphs[0].side
    pictures = np.zeros((len(graphs), 8, height, width), np.float32)
    pictures[:, 0] = 1
    for picture, graph, own in zip(pictures, graphs, cells, strict=True):
        rows, columns = graph.cells.T
        picture[0, rows, columns] = 0
        picture[1:, rows, columns] = own[1 : graph.n + 1, :7].T
    return pictures
