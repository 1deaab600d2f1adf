"""Pairs of graphs with and without bridges, which colour refinement cannot tell apart."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlgen.errors import ProtocolError, nearest
from rlgen.util.seeding import stream
from rlgen_protocols.du2019 import gntk, ridge, subtree
from rlgen_protocols.du2019.learning import error
from rlgen_protocols.du2019.tasks import NAME
from rlgen_protocols.graphs.graph import Graph, constant
from rlgen_protocols.graphs.pairs import dumbbell, theta

#: Edges of rings, the least and the most, and the most of the corridor.
LEAST, MOST, CORRIDOR = 4, 12, 4
#: Rounds of refinement of the subtree kernel.
ROUNDS = 3
#: Features of nodes and scaling of aggregation that leave more than the number of nodes.
SETTINGS = ("constant/uniform", "degree/uniform", "degree/degree")


def run(
    *, seed: int, setting: str, blocks: int, layers: int, jumping: bool, pairs: int
) -> Mapping[str, Any]:
    """Compare the rows of both graphs of each pair, and learn which of them has a bridge.

    Returns:
        See the paper's ``experiments``.

    Raises:
        ProtocolError: For a setting that there is not.
    """
    if setting not in SETTINGS:
        raise ProtocolError(f"setting = {setting!r}{nearest(setting, SETTINGS)}")
    features, scaling = setting.split("/")
    graphs = members(seed, pairs)
    if features == "constant":
        graphs = constant(graphs)
    gram = gntk.gram(graphs, gntk.Architecture(blocks, layers, scaling, jumping))
    count = subtree.grams(graphs, [graph.degrees for graph in graphs], ROUNDS)[ROUNDS]
    targets = np.tile([1.0, -1.0], pairs)
    cut = 2 * (pairs // 2)
    train, tests = np.arange(cut), np.arange(cut, 2 * pairs)
    measured = {
        name: ridge.fit([own], targets, train, tests, stream(seed, NAME, "pair folds")).predictions
        for name, own in (("nmse", gram), ("wl_nmse", count))
    }
    return {
        "difference": difference(gram),
        "wl_difference": difference(count),
        **{name: error(predicted, targets[tests]) for name, predicted in measured.items()},
        "mean_nmse": error(targets[train].mean(), targets[tests]),
    }


def members(seed: int, pairs: int) -> list[Graph]:
    """Pairs, each with the bridge first, their nodes in random order; features are degree tags."""
    rng = stream(seed, NAME, "pairs")
    graphs = []
    for _ in range(pairs):
        length, corridor = int(rng.integers(LEAST, MOST + 1)), int(rng.integers(1, CORRIDOR + 1))
        for make in (dumbbell, theta):
            graph = Graph.of_networkx(make(length, corridor))
            graph = graph.permuted(rng.permutation(graph.n))
            graphs.append(graph.with_features(np.eye(4)[graph.degrees]))
    return graphs


def difference(gram: NDArray[np.float64]) -> float:
    """The largest relative difference between the rows of the two graphs of a pair."""
    one, other = gram[0::2], gram[1::2]
    return float((np.abs(one - other) / np.abs(one)).max())
