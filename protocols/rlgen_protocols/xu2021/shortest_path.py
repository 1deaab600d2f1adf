"""Length of the shortest path between two nodes, in larger graphs with heavier edges."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.sparse import csgraph

from rlgen.agents.cloning import reproducible
from rlgen.util.seeding import library_seed, stream
from rlgen_protocols.xu2021 import aggregation, graph_learning
from rlgen_protocols.xu2021.graph_network import GraphNetwork
from rlgen_protocols.xu2021.random_graphs import Adjacency, edges_of, several
from rlgen_protocols.xu2021.weighted import WeightedGraph

NAME = "xu2021"
#: Nodes in training and in tests, from the first to below the second.
TRAINED, LARGER = (20, 40), (50, 70)
#: Edge weights are uniform from 1 to these.
LIGHT, HEAVY = 5.0, 10.0
#: Range of the one feature of nodes that says nothing, and the most edges of a path.
RANGE, HOPS = 5.0, 3
ROUNDS = 3


def run(
    *,
    seed: int,
    aggregates: str,
    train_graphs: str,
    graphs: int,
    width: int,
    epochs: int,
    batch: int,
    rate: float,
    halve: int,
) -> Mapping[str, Any]:
    """Train one network on small graphs, and ask it for larger ones.

    Returns:
        See the paper's ``experiments``.

    Raises:
        ProtocolError: For an aggregation or graphs that do not exist.
    """
    neighbours, readout = aggregation.pair("aggregates", aggregates)
    rng = stream(seed, NAME, "shortest path", train_graphs)
    tests = max(9, graphs // 4)
    train = drawn(train_graphs, graphs, TRAINED, LIGHT, rng)
    validation = drawn(train_graphs, max(9, graphs // 10), TRAINED, LIGHT, rng)
    pools = {
        "in": drawn(train_graphs, tests, TRAINED, LIGHT, rng),
        "size": drawn("general", tests, LARGER, LIGHT, rng),
        "out": drawn("general", tests, LARGER, HEAVY, rng),
    }
    with reproducible(library_seed(seed, NAME, "shortest path", aggregates)):
        network = GraphNetwork(3, width, ROUNDS, neighbours, readout, node_mlp=False)
        return graph_learning.learn(
            network,
            train,
            validation,
            pools,
            rng,
            epochs=epochs,
            batch=batch,
            rate=rate,
            halve=halve,
        )


def drawn(
    family: str, count: int, sizes: tuple[int, int], heaviest: float, rng: np.random.Generator
) -> list[WeightedGraph]:
    """Draw graphs with two nodes each that a shortest path of at most three edges joins.

    Args:
        family: Of the graphs.
        count: How many.
        sizes: As of ``random_graphs.several``.
        heaviest: The largest edge weight.
        rng: Draws them.
    """
    return [_weighted(adjacency, heaviest, rng) for adjacency in several(family, count, sizes, rng)]


def _weighted(adjacency: Adjacency, heaviest: float, rng: np.random.Generator) -> WeightedGraph:
    n = len(adjacency)
    upper = np.triu(rng.uniform(1, heaviest, (n, n)), k=1)
    weights = np.where(adjacency, upper + upper.T, 0.0)
    source, target, length = _joined(weights, rng)
    features = np.zeros((n, 3), np.float32)
    features[:, 0] = rng.uniform(-RANGE, RANGE, n)
    features[source, 1] = features[target, 2] = 1.0
    edges = edges_of(adjacency)
    return WeightedGraph(edges, features, weights[tuple(edges)].astype(np.float32), length)


def _joined(weights: np.ndarray[Any, Any], rng: np.random.Generator) -> tuple[int, int, float]:
    """Two nodes at most three edges apart whose shortest path has no more edges, and its length.

    With weights that are drawn from an interval no two paths are equally long.
    """
    while True:
        source = int(rng.integers(len(weights)))
        edges = csgraph.shortest_path(weights, "D", unweighted=True, indices=[source])[0]
        target = int(rng.choice(np.flatnonzero(edges <= HOPS)))
        if target == source:
            continue
        lengths, before = csgraph.dijkstra(weights, indices=[source], return_predecessors=True)
        if _edges(before[0].tolist(), target) <= HOPS:
            return source, target, float(lengths[0, target])


def _edges(before: Sequence[int], node: int) -> int:
    """Number of edges of the path to a node, by the node before each."""
    count = 0
    while before[node] >= 0:
        node, count = before[node], count + 1
    return count
