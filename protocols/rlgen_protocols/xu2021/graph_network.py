"""The authors' graph networks for max degree and shortest path.

Their ``graph_algorithms/models/gnn.py`` and ``gnn_edges.py``
(https://github.com/jinglingli/nn-extrapolate).
"""

import torch
from torch import nn

from rlgen_protocols.xu2021.aggregation import aggregate
from rlgen_protocols.xu2021.weighted import WeightedBatch


class GraphNetwork(nn.Module):
    """Rounds of messages with weights of their own, a readout of all nodes, and a linear layer.

    The message along an edge is an MLP of the features of both ends and of the edge's weight, of
    two layers with a ReLU after each.

    Args:
        features: Of a node.
        width: Of all layers.
        rounds: How many.
        neighbours: How the messages that come to a node are put together, one of
            ``aggregation.HOW``.
        readout: How nodes are, likewise.
        node_mlp: Whether a further such MLP of each node stands before the readout.
    """

    def __init__(
        self,
        features: int,
        width: int,
        rounds: int,
        neighbours: str,
        readout: str,
        *,
        node_mlp: bool,
    ) -> None:
        super().__init__()
        self._neighbours, self._readout = neighbours, readout
        inputs = [features, *[width] * (rounds - 1)]
        self.first = nn.ModuleList([nn.Linear(2 * size + 1, width) for size in inputs])
        self.second = nn.ModuleList([nn.Linear(width, width) for _ in inputs])
        layers = [nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU()]
        self.nodes = nn.Sequential(*(layers if node_mlp else []))
        self.output = nn.Linear(width, 1)

    def forward(self, batch: WeightedBatch) -> torch.Tensor:
        """Of ``B`` graphs one number each, ``(B,)``."""
        nodes = batch.features
        for first, second in zip(self.first, self.second, strict=True):
            # The first layer is linear in both ends: computed for each node, not for each edge.
            weights, n = torch.as_tensor(first.weight), nodes.shape[1]
            source, target, weight = weights[:, :n], weights[:, n : 2 * n], weights[:, 2 * n :]
            hidden = (
                (nodes @ source.T).index_select(0, batch.source)
                + (nodes @ target.T + torch.as_tensor(first.bias)).index_select(0, batch.target)
                + batch.weights @ weight.T
            ).relu()
            nodes = aggregate(second(hidden).relu(), batch.in_degrees, self._neighbours)
        read = aggregate(self.nodes(nodes), batch.sizes, self._readout)
        outputs: torch.Tensor = self.output(read)[:, 0]
        return outputs
