"""Whether untrained networks tell apart what 1-WL cannot: exactly, without statistics."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn

from rlgen.agents.cloning import reproducible
from rlgen.util.seeding import library_seed, stream
from rlgen_protocols.graphs.choices import one_of
from rlgen_protocols.graphs.graph import Graph
from rlgen_protocols.graphs.pairs import dumbbell, theta
from rlgen_protocols.sato2020.networks import MESSAGE_PASSING, build

#: Lengths of rings and of corridors.
PAIRS = (
    *((4, 1), (5, 3), (6, 1), (8, 2), (10, 2)),
    *((12, 2), (14, 2), (12, 4), (14, 4), (16, 4)),
)
#: Models that see nothing but the graph, so that equal graphs have equal scores.
BLIND = (*MESSAGE_PASSING, "distances", "fwl2")


def run(*, seed: int, model: str, width: int, rounds: int, readout: str) -> Mapping[str, Any]:
    """Differences of an untrained network's scores; see the paper's experiments."""
    one_of("model", model, BLIND)
    import networkx as nx

    pairs = [[Graph.of_networkx(make(*sizes)) for make in (dumbbell, theta)] for sizes in PAIRS]
    rng = stream(seed, "sato2020", "copies")
    copies = [[one, one.permuted(rng.permutation(one.n))] for pair in pairs for one in pair]
    simple = [Graph.of_networkx(make) for make in (nx.path_graph(5), nx.star_graph(4))]
    with reproducible(library_seed(seed, "sato2020", "telling", model)):
        net = build(model, width=width, rounds=rounds, readout=readout).eval()
        apart32 = [difference(net, pair) for pair in pairs]
        net.double()
        apart = [difference(net, pair) for pair in pairs]
        return {
            "length": [length for length, _ in PAIRS],
            "corridor": [corridor for _, corridor in PAIRS],
            "differences": apart,
            "largest": max(apart),
            "least": min(apart),
            "largest32": max(apart32),
            "copies": max(difference(net, pair) for pair in copies),
            "path_star": difference(net, simple),
        }


def difference(net: nn.Module, pair: Sequence[Graph]) -> float:
    """Largest difference of two graphs' scores, over the largest score."""
    with torch.no_grad():
        one, two = (net([graph])[0] for graph in pair)
    size = float(torch.stack([one, two]).abs().max())
    return float((one - two).abs().max()) / size if size > 0 else 0.0
