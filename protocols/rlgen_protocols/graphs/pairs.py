"""Pairs of graphs that 1-WL cannot tell apart and 2-FWL can: a dumbbell and a theta."""

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import networkx as nx


def dumbbell(length: int, corridor: int) -> "nx.Graph":
    """Two rings joined by a corridor, every edge of which is a bridge.

    Args:
        length: Nodes of each ring, at least 3.
        corridor: Edges of the corridor, at least 1.

    Returns:
        ``2 length + corridor - 1`` nodes, ``2 length + corridor`` edges. Rings are nodes 0 to
        ``length - 1`` and ``length`` to ``2 length - 1``; 0 and ``length`` are of degree 3.
    """
    import networkx as nx

    graph = nx.cycle_graph(length)
    graph.add_edges_from(nx.cycle_graph(range(length, 2 * length)).edges)
    _join(graph, 0, length, corridor)
    return graph


def theta(length: int, corridor: int) -> "nx.Graph":
    """Two junctions, nodes 0 and 1, joined by three corridors, two of which are equally long.

    Args:
        length: Edges of two of the corridors, at least 2.
        corridor: Edges of the third, at least 1.

    Returns:
        As many nodes and edges as the dumbbell; no edge is a bridge.
    """
    import networkx as nx

    graph = nx.Graph()
    graph.add_nodes_from((0, 1))
    for edges in (length, length, corridor):
        _join(graph, 0, 1, edges)
    return graph


def _join(graph: "nx.Graph", a: int, b: int, edges: int) -> None:
    """Join two nodes by a path of new nodes."""
    first = len(graph)
    graph.add_edges_from(pairwise([a, *range(first, first + edges - 1), b]))
