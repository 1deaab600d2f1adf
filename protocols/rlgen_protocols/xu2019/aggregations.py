"""What aggregations can tell apart, exactly: multisets, one layer, and mazes without features."""

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
import torch
from torch import nn

from rlgen.agents.cloning import reproducible
from rlgen.levels import lookup
from rlgen.levels.split import draw_split
from rlgen.util.seeding import library_seed
from rlgen_protocols.graphs.graph import Graph, batched, constant
from rlgen_protocols.graphs.mazes import of_levels
from rlgen_protocols.xu2019.networks import AGGREGATIONS, UPDATES, GraphNetwork

#: Multisets of two letters: what the neighbours of a node may be.
MULTISETS = ("a", "aa", "ab", "aabb", "aab", "abb", "aaabbb")
#: Multisets of numbers with the same sum.
SAME_SUM = ((1, 1, 1, 1, 1), (2, 3))


def run(*, seed: int, family: str, mazes: int, width: int, rounds: int) -> Mapping[str, Any]:
    """Confusions of multisets, the lemma on one layer, and embeddings of mazes; see the paper."""
    with reproducible(library_seed(seed, "xu2019", "aggregations")):
        pairs = {name: confused(name) for name in AGGREGATIONS}
        lemma = {f"one_layer{'_bias' * bias}": one_layer(width, bias=bias) for bias in (0, 1)}
        levels = lookup.family(family)
        split = draw_split(levels, mazes, 0, 1, pool_seed=seed)
        graphs = constant(of_levels(split.family, split.train))
        spreads = {name: spread(graphs, name, width, rounds) for name in AGGREGATIONS}
    return {
        **{f"{name}_confuses": len(pairs[name]) for name in AGGREGATIONS},
        "mean_within_max": set(pairs["mean"]) <= set(pairs["max"]),
        **lemma,
        **{f"{name}_spread": value for name, value in spreads.items()},
    }


def confused(aggregation: str) -> list[tuple[str, str]]:
    """The pairs of ``MULTISETS`` that an aggregation of one-hot letters makes equal, exactly."""
    from torch_geometric.nn import SimpleConv

    stars = []
    for multiset in MULTISETS:
        letters = np.array([[letter == "a", letter == "b"] for letter in multiset])
        leaves = np.arange(1, 1 + len(letters))
        edges = np.stack([leaves, np.zeros_like(leaves)])
        stars.append(Graph(edges, np.concatenate([np.zeros((1, 2)), letters]).astype(np.float32)))
    batch = batched(stars, torch.float64)
    centres = torch.searchsorted(batch.batch, torch.arange(len(stars)))
    sums = SimpleConv(aggr=aggregation)(batch.x, batch.edge_index)[centres]
    named = list(zip(MULTISETS, sums, strict=True))
    return [(a, b) for (a, x), (b, y) in combinations(named, 2) if torch.equal(x, y)]


def one_layer(width: int, *, bias: int | bool) -> float:
    """Largest difference of the sums of ReLU(W x), or ReLU(W x + b), over two multisets.

    The multisets have the same sum and positive members: without a bias ReLU is linear on them.
    """
    layer = nn.Linear(1, width, bias=bool(bias), dtype=torch.float64)
    with torch.no_grad():
        one, two = (
            layer(torch.tensor(values, dtype=torch.float64)[:, None]).relu().sum(dim=0)
            for values in SAME_SUM
        )
    return float((one - two).abs().max())


def spread(graphs: list[Graph], aggregation: str, width: int, rounds: int) -> float:
    """Largest difference of two nodes' features after the rounds, over the largest feature.

    Of untrained networks with either update, in float64 and without batch normalisation, which
    would make rounding errors large.
    """
    batch, largest = batched(graphs, torch.float64), 0.0
    for update in UPDATES:
        options = {"aggregation": aggregation, "update": update, "width": width, "rounds": rounds}
        net = GraphNetwork(batch.x.shape[1], 2, norm="none", **options).double()  # type: ignore[arg-type]
        with torch.no_grad():
            nodes = net.nodes(batch)[-1]
        if (size := float(nodes.abs().max())) > 0:
            apart = nodes.amax(dim=0) - nodes.amin(dim=0)
            largest = max(largest, float(apart.max()) / size)
    return largest
