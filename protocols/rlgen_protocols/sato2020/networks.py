"""The ladder of architectures: message passing, and four remedies for what it cannot tell apart."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import nn

from rlgen_protocols.graphs.choices import one_of
from rlgen_protocols.graphs.graph import Graph, batched
from rlgen_protocols.graphs.mazes import MazeGraph
from rlgen_protocols.sato2020.drawing import coordinates, rooted

#: Networks that are at most as powerful as 1-WL.
MESSAGE_PASSING = ("gin", "gcn", "sage-mean", "sage-max", "gat")
#: Networks that see more of a graph than that.
REMEDIES = ("rgin", "coordinates", "distances", "fwl2")
MODELS = (*MESSAGE_PASSING, *REMEDIES)
#: Features of a node that a model sees.
FEATURES = {"rgin": 2, "coordinates": 3}
READOUTS = ("sum", "mean")


def build(model: str, *, width: int, rounds: int, readout: str = "sum") -> nn.Module:
    """A network from some graphs to two scores of each, with weights from torch's generator.

    Args:
        model: One of ``MODELS``.
        width: Features of a node; of a pair of nodes for "fwl2".
        rounds: How many.
        readout: "sum" or "mean" of the nodes, or pairs.

    Raises:
        ProtocolError: For another model or readout.
    """
    one_of("model", model, MODELS)
    one_of("readout", readout, READOUTS)
    if model == "fwl2":
        return PairNetwork(width, rounds, readout)
    return NodeNetwork(model, width, rounds, readout)


class NodeNetwork(nn.Module):
    """Message passing with layers of torch-geometric; the nodes' features are summed at the end.

    Each layer is followed by layer normalisation and a ReLU: sums over neighbours grow with the
    rounds, and batch normalisation of each would make large what rounding has told apart. "rgin",
    "coordinates" and "distances" are GINs that see more: a number from [0, 1) that is drawn anew
    for each node whenever the network is run (Sato, Yamada, Kashima 2021,
    https://arxiv.org/abs/2002.03155); the place on the board; the distances from a root, the
    scores being a function of the sum over all roots.

    Attributes:
        draws: Whether it draws features.
    """

    def __init__(self, model: str, width: int, rounds: int, readout: str) -> None:
        super().__init__()
        from torch_geometric import nn as geometric

        self._model, self.draws = model, model == "rgin"
        self._pool: Callable[..., torch.Tensor] = (
            geometric.global_add_pool if readout == "sum" else geometric.global_mean_pool
        )

        def layer(inputs: int) -> nn.Module:
            if model == "gcn":
                return geometric.GCNConv(inputs, width)  # type: ignore[no-any-return]
            if model in ("sage-mean", "sage-max"):
                aggregation = model.removeprefix("sage-")
                return geometric.SAGEConv(inputs, width, aggr=aggregation)  # type: ignore[no-any-return]
            if model == "gat":
                return geometric.GATConv(inputs, width)  # type: ignore[no-any-return]
            mlp = nn.Sequential(nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, width))
            return geometric.GINConv(mlp)  # type: ignore[no-any-return]

        first = FEATURES.get(model, 1)
        self.layers = nn.ModuleList(layer(width if k else first) for k in range(rounds))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(rounds))
        self.head = _head(width)

    def forward(
        self, graphs: Sequence[MazeGraph], rng: np.random.Generator | None = None
    ) -> torch.Tensor:
        """Scores ``(graphs, 2)``.

        Args:
            graphs: At least one.
            rng: Draws the features of "rgin".
        """
        return self.of(self.inputs(graphs, rng))

    def inputs(self, graphs: Sequence[MazeGraph], rng: np.random.Generator | None) -> list[Graph]:
        """The graphs with the features that this model sees."""
        if self.draws:
            assert rng is not None, "rgin draws features"
            return [_beside(graph, rng.random((graph.n, 1))) for graph in graphs]
        if self._model == "coordinates":
            return [_beside(graph, coordinates(graph)) for graph in graphs]
        return [rooted(graph) for graph in graphs] if self._model == "distances" else [*graphs]

    def of(self, graphs: Sequence[Graph]) -> torch.Tensor:
        """Scores of graphs with the features that this model sees."""
        batch = batched(graphs, next(self.parameters()).dtype)
        nodes = batch.x
        for layer, norm in zip(self.layers, self.norms, strict=True):
            nodes = norm(layer(nodes, batch.edge_index)).relu()
        scores: torch.Tensor = self.head(self._pool(nodes, batch.batch, batch.size))
        return scores


class PairNetwork(nn.Module):
    """A network of ordered pairs of nodes, as powerful as 2-FWL.

    Each round is MLP([Z, MLP(Z) MLP(Z)]), a matrix product over nodes for each feature (Maron et
    al. 2019, Provably Powerful Graph Networks, https://arxiv.org/abs/1905.11136), with layer
    normalisation after it. Features at first are whether the two nodes are one, and whether they
    are neighbours; there are no biases, so that pairs stay 0 until a walk joins them: sums over all
    other pairs would hide these few.
    """

    def __init__(self, width: int, rounds: int, readout: str) -> None:
        super().__init__()
        self._mean = readout == "mean"

        def mlp(inputs: int) -> nn.Sequential:
            return nn.Sequential(
                nn.Linear(inputs, width, bias=False), nn.ReLU(), nn.Linear(width, width, bias=False)
            )

        widths = [2] + [width] * (rounds - 1)
        self.left = nn.ModuleList(mlp(n) for n in widths)
        self.right = nn.ModuleList(mlp(n) for n in widths)
        self.joined = nn.ModuleList(
            nn.Sequential(mlp(n + width), nn.LayerNorm(width, bias=False), nn.ReLU())
            for n in widths
        )
        self.head = _head(width)

    def forward(
        self, graphs: Sequence[Graph], rng: np.random.Generator | None = None
    ) -> torch.Tensor:
        """Scores ``(graphs, 2)``; the generator is not used."""
        del rng
        most, dtype = max(graph.n for graph in graphs), next(self.parameters()).dtype
        first = np.zeros((len(graphs), most, most, 2))
        for i, graph in enumerate(graphs):
            nodes, (sources, targets) = np.arange(graph.n), graph.edges
            first[i, nodes, nodes, 0] = first[i, sources, targets, 1] = 1
        pairs = torch.from_numpy(first).to(dtype)
        for left, right, joined in zip(self.left, self.right, self.joined, strict=True):
            # Features before nodes, for the product; places beyond a graph are 0.
            one, two = (mlp(pairs).permute(0, 3, 1, 2) for mlp in (left, right))
            product = (one @ two).permute(0, 2, 3, 1)
            pairs = joined(torch.cat([pairs, product], dim=3))
        total = pairs.sum(dim=(1, 2))
        if self._mean:
            total = total / torch.tensor([[graph.n**2] for graph in graphs], dtype=dtype)
        scores: torch.Tensor = self.head(total)
        return scores


def _head(width: int) -> nn.Sequential:
    """From the features of a graph to two scores.

    Graphs of a pair differ little in the sums of their features, so that these are normalised over
    the graphs of a minibatch.
    """
    return nn.Sequential(
        nn.BatchNorm1d(width), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 2)
    )


def _beside(graph: Graph, features: np.ndarray) -> Graph:
    return graph.with_features(np.concatenate([graph.features, features], axis=1))
