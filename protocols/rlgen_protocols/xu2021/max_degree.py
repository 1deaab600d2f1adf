"""The largest degree of a graph, in larger graphs than those of training."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from rlgen.agents.cloning import reproducible
from rlgen.errors import ProtocolError, nearest
from rlgen.util.seeding import library_seed, stream
from rlgen_protocols.xu2021 import aggregation, graph_learning
from rlgen_protocols.xu2021.graph_network import GraphNetwork
from rlgen_protocols.xu2021.random_graphs import Adjacency, edges_of, several
from rlgen_protocols.xu2021.weighted import WeightedGraph

NAME = "xu2021"
#: Nodes in training and in tests, from the first to below the second.
TRAINED, LARGER = (20, 30), (50, 100)
#: Features of nodes: how many, and their range in training and in tests.
FEATURES = {"constant": (1, 1.0, 1.0), "random": (3, 5.0, 10.0)}
#: The fewest graphs of a pool: one of each edge probability of "general" graphs.
LEAST = 9


def run(
    *,
    seed: int,
    readout: str,
    features: str,
    train_graphs: str,
    graphs: int,
    width: int,
    rounds: int,
    node_mlp: bool,
    epochs: int,
    batch: int,
    rate: float,
    halve: int,
) -> Mapping[str, Any]:
    """Train one network on small graphs of a family, and ask it for larger general ones.

    Returns:
        See the paper's ``experiments``.

    Raises:
        ProtocolError: For a readout, features or graphs that do not exist.
    """
    aggregation.check("readout", readout)
    if features not in FEATURES:
        raise ProtocolError(
            f"features = {features!r}: unknown features{nearest(features, FEATURES)}"
        )
    count, narrow, wide = FEATURES[features]
    rng = stream(seed, NAME, "max degree", train_graphs, features)

    def pool(family: str, n: int, sizes: tuple[int, int], reach: float) -> list[WeightedGraph]:
        return [
            _labelled(adjacency, features, count, reach, rng)
            for adjacency in several(family, max(LEAST, n), sizes, rng)
        ]

    train, validation = (pool(train_graphs, n, TRAINED, narrow) for n in (graphs, graphs // 5))
    pools = {
        "in": pool(train_graphs, graphs // 2, TRAINED, narrow),
        "out": pool("general", graphs // 2, LARGER, wide),
    }
    with reproducible(library_seed(seed, NAME, "max degree", readout)):
        network = GraphNetwork(count, width, rounds, "sum", readout, node_mlp=node_mlp)
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


def _labelled(
    adjacency: Adjacency, features: str, count: int, reach: float, rng: np.random.Generator
) -> WeightedGraph:
    n, edges = len(adjacency), edges_of(adjacency)
    values = (
        np.ones((n, count)) if features == "constant" else rng.uniform(-reach, reach, (n, count))
    )
    weights = np.zeros(edges.shape[1], np.float32)
    label = float(adjacency.sum(axis=1).max())
    return WeightedGraph(edges, values.astype(np.float32), weights, label)
