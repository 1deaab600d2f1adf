"""The paper's graph networks: three aggregations, by an MLP or by one layer (graphcnn.py).

The authors' code, https://github.com/weihua916/powerful-gnns: a node is aggregated with its
neighbours (mean over degree + 1, maximum with itself in it), or with ``epsilon`` beside them; every
round's nodes, those of the input included, are summed over the graph, mapped linearly to a score,
and the scores are added.
"""

from collections.abc import Callable

import torch
from torch import nn

from rlgen_protocols.graphs.choices import one_of
from rlgen_protocols.graphs.graph import Batch

AGGREGATIONS = ("sum", "mean", "max")
UPDATES = ("mlp", "one-layer")
READOUTS = ("sum", "mean")
NORMS = ("none", "outer", "both")


class GraphNetwork(nn.Module):
    """Scores of graphs.

    Args:
        inputs: Features of a node.
        outputs: Scores of a graph.
        aggregation: "sum", "mean" or "max".
        update: "mlp", two linear maps with a ReLU between them, or "one-layer".
        width: Features of a node after each round.
        rounds: How many; the authors' "layers" are one more, since they count the input.
        readout: "sum" or "mean" of the nodes.
        norm: Batch normalisation: "both" in MLPs and after each round, as the authors have it;
            "outer", after each round alone; "none".
        epsilon: Whether a node has a weight ``1 + epsilon`` that is learnt, beside its neighbours.
        bias: Whether linear maps of rounds have one.

    Raises:
        ProtocolError: For another aggregation, update, readout or norm.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        aggregation: str = "sum",
        update: str = "mlp",
        width: int = 32,
        rounds: int = 4,
        readout: str = "sum",
        norm: str = "outer",
        epsilon: bool = False,
        bias: bool = True,
    ) -> None:
        super().__init__()
        one_of("aggregation", aggregation, AGGREGATIONS)
        one_of("update", update, UPDATES)
        one_of("readout", readout, READOUTS)
        one_of("norm", norm, NORMS)
        from torch_geometric import nn as geometric

        self._apart = epsilon or aggregation == "sum"
        self._readout: Callable[..., torch.Tensor] = (
            geometric.global_add_pool if readout == "sum" else geometric.global_mean_pool
        )
        widths = [inputs] + [width] * rounds
        self.rounds = nn.ModuleList(
            geometric.GINConv(
                _update(before, width, update, inner=norm == "both", bias=bias),
                # With weight 0 a node counts only among its neighbours.
                eps=0.0 if self._apart else -1.0,
                train_eps=epsilon,
                aggr=aggregation,
            )
            for before in widths[:-1]
        )
        self.norms = nn.ModuleList(
            nn.Identity() if norm == "none" else nn.BatchNorm1d(width) for _ in range(rounds)
        )
        self.heads = nn.ModuleList(nn.Linear(n, outputs) for n in widths)

    def nodes(self, batch: Batch) -> list[torch.Tensor]:
        """Features of all nodes, ``(N, inputs)`` at first and ``(N, width)`` after each round."""
        edges = batch.edge_index
        if not self._apart:
            loops = torch.arange(len(batch.x)).expand(2, -1)
            edges = torch.cat([edges, loops], dim=1)
        hidden = [batch.x]
        for layer, norm in zip(self.rounds, self.norms, strict=True):
            hidden.append(norm(layer(hidden[-1], edges)).relu())
        return hidden

    def forward(self, batch: Batch) -> torch.Tensor:
        """Scores ``(graphs, outputs)``."""
        scores = [
            head(self._readout(nodes, batch.batch, batch.size))
            for nodes, head in zip(self.nodes(batch), self.heads, strict=True)
        ]
        return torch.stack(scores).sum(dim=0)


def _update(inputs: int, width: int, update: str, *, inner: bool, bias: bool) -> nn.Module:
    if update == "one-layer":
        return nn.Linear(inputs, width, bias=bias)
    between = [nn.BatchNorm1d(width)] if inner else []
    return nn.Sequential(
        nn.Linear(inputs, width, bias=bias), *between, nn.ReLU(), nn.Linear(width, width, bias=bias)
    )
