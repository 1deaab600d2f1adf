"""Random graphs of the paper's families.

Sizes and probabilities are those of the authors' ``graph_algorithms/maxdeg_generation.py`` and
``shortest_generation.py`` (https://github.com/jinglingli/nn-extrapolate).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csgraph

from rlgen.errors import ProtocolError, nearest

Adjacency = NDArray[np.bool_]
#: The edge probabilities of "general" graphs, equally many of each.
GENERAL = tuple(np.linspace(0.1, 0.9, 9))
#: The edge probability of "expander" graphs of max degree. The authors' of shortest paths have .6,
#: and no protocol of ours asks for them.
EXPANDER = 0.8


def edges_of(adjacency: Adjacency) -> NDArray[np.int64]:
    """Both directions of all edges, ``(2, E)``, sorted by target.

    Args:
        adjacency: Symmetric, ``(n, n)``.
    """
    target, source = np.nonzero(adjacency)
    return np.stack([source, target]).astype(np.int64)


def draw(family: str, n: int, rng: np.random.Generator, share: float = 0.5) -> Adjacency:
    """Draw one graph.

    Args:
        family: One of ``FAMILIES``.
        n: Number of nodes, at least 5; a ladder has twice as many, as the authors' have.
        rng: Draws it.
        share: Which of the edge probabilities a "general" graph has, as a share from 0 to below 1
            of their list.

    Returns:
        Symmetric and connected, bool ``(n, n)``.

    Raises:
        ProtocolError: For an unknown family.
    """
    if family not in FAMILIES:
        raise ProtocolError(f"graphs = {family!r}: unknown graphs{nearest(family, FAMILIES)}")
    if family == "general":
        return _erdos_renyi(n, GENERAL[int(share * len(GENERAL))], rng)
    return FAMILIES[family](n, rng)


def several(
    family: str, count: int, sizes: tuple[int, int], rng: np.random.Generator
) -> list[Adjacency]:
    """Draw graphs whose sizes are uniform, with the edge probabilities of "general" in turn.

    Args:
        family: One of ``FAMILIES``.
        count: How many.
        sizes: Smallest number of nodes, and the one below which all are.
        rng: Draws them.
    """
    return [draw(family, int(rng.integers(*sizes)), rng, k / count) for k in range(count)]


def _erdos_renyi(n: int, p: float, rng: np.random.Generator) -> Adjacency:
    """A connected graph in which each edge has the probability ``p``."""
    while True:
        upper = np.triu(rng.random((n, n)) < p, k=1)
        adjacency = upper | upper.T
        if csgraph.connected_components(adjacency, directed=False)[0] == 1:
            return adjacency


def _expander(n: int, rng: np.random.Generator) -> Adjacency:
    return _erdos_renyi(n, EXPANDER, rng)


def _path(n: int, rng: np.random.Generator) -> Adjacency:
    del rng
    return np.asarray(np.abs(np.subtract.outer(np.arange(n), np.arange(n))) == 1)


def _cycle(n: int, rng: np.random.Generator) -> Adjacency:
    adjacency = _path(n, rng)
    adjacency[0, -1] = adjacency[-1, 0] = True
    return adjacency


def _ladder(n: int, rng: np.random.Generator) -> Adjacency:
    rungs = np.eye(n, dtype=np.bool_)
    return np.block([[_path(n, rng), rungs], [rungs, _path(n, rng)]])


def _complete(n: int, rng: np.random.Generator) -> Adjacency:
    del rng
    return ~np.eye(n, dtype=np.bool_)


def _regular(n: int, rng: np.random.Generator) -> Adjacency:
    import networkx as nx

    while True:
        graph = nx.random_regular_graph(4, n, seed=int(rng.integers(2**31)))
        if nx.is_connected(graph):
            return np.asarray(nx.to_numpy_array(graph, range(n)) > 0)


def _tree(n: int, rng: np.random.Generator) -> Adjacency:
    import networkx as nx

    graph = nx.random_labeled_tree(n, seed=int(rng.integers(2**31)))
    return np.asarray(nx.to_numpy_array(graph, range(n)) > 0)


FAMILIES: dict[str, Callable[[int, np.random.Generator], Adjacency]] = {
    "path": _path,
    "cycle": _cycle,
    "ladder": _ladder,
    "4-regular": _regular,
    "complete": _complete,
    "tree": _tree,
    "expander": _expander,
    "general": lambda n, rng: _erdos_renyi(n, float(rng.choice(GENERAL)), rng),
}
