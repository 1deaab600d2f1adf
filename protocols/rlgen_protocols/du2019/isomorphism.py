"""The baseline that is trained: a graph isomorphism network (Xu et al. 2019).

Sum aggregation, perceptrons of two layers with batch normalisation, and sums over the nodes of all
rounds read together, as in https://arxiv.org/abs/1810.00826 and its authors' code.
"""

import copy
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from rlgen.agents.cloning import reproducible
from rlgen_protocols.graphs.graph import Batch, Graph, batched

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
ROUNDS, WIDTH, RATE = 3, 32, 0.01
#: Share of the training graphs that are held back, to choose the step whose weights are taken, and
#: every how many steps their error is measured.
HELD_BACK, EVERY = 0.2, 10


class Network(nn.Module):
    """A graph isomorphism network with one output.

    Args:
        features: Of a node.
        nodes: About as many as a graph has: sums over nodes are divided by it.
    """

    def __init__(self, features: int, nodes: float) -> None:
        super().__init__()
        self._nodes = nodes
        from torch_geometric.nn import GINConv

        def perceptron(inputs: int) -> nn.Sequential:
            return nn.Sequential(
                nn.Linear(inputs, WIDTH),
                nn.BatchNorm1d(WIDTH),
                nn.ReLU(),
                nn.Linear(WIDTH, WIDTH),
                nn.ReLU(),
            )

        sizes = [features] + [WIDTH] * (ROUNDS - 1)
        self.rounds = nn.ModuleList([GINConv(perceptron(size), train_eps=True) for size in sizes])
        self.read = nn.Linear(features + ROUNDS * WIDTH, 1)

    def forward(self, graphs: Batch) -> torch.Tensor:
        """The output of each graph, ``(graphs,)``."""
        from torch_geometric.nn import global_add_pool

        x = graphs.x
        sums = [global_add_pool(x, graphs.batch, graphs.size)]
        for layer in self.rounds:
            x = layer(x, graphs.edge_index)
            sums.append(global_add_pool(x, graphs.batch, graphs.size))
        out: torch.Tensor = self.read(torch.cat(sums, dim=1) / self._nodes)[:, 0]
        return out


def predictions(
    graphs: Sequence[Graph], targets: Floats, train: Ints, tests: Ints, seed: int, steps: int
) -> Floats:
    """Train on all training graphs at once, and say what the network then says of new ones.

    Args:
        graphs: All.
        targets: Of all; those of ``tests`` are not looked at.
        train: Places of the training graphs, in an order that means nothing.
        tests: Places of those whose targets are wanted.
        seed: Of the weights.
        steps: Of Adam.
    """
    cut = max(2, int(HELD_BACK * len(train)))
    held, rest = train[:cut], train[cut:]
    middle, spread = targets[rest].mean(), targets[rest].std() or 1.0
    own, other, new = (batched([graphs[k] for k in part]) for part in (rest, held, tests))
    goal, checked = (
        torch.from_numpy((targets[part] - middle) / spread).float() for part in (rest, held)
    )
    with reproducible(seed):
        network = Network(own.x.shape[1], len(own.x) / own.size)
        optimiser = torch.optim.Adam(network.parameters(), RATE)
        least, best = float("inf"), copy.deepcopy(network.state_dict())
        for step in range(steps):
            optimiser.zero_grad()
            ((network(own) - goal) ** 2).mean().backward()
            optimiser.step()
            if step % EVERY == EVERY - 1 or step == steps - 1:
                network.eval()
                with torch.no_grad():
                    error = ((network(other) - checked) ** 2).mean().item()
                network.train()
                if error < least:
                    least, best = error, copy.deepcopy(network.state_dict())
        network.load_state_dict(best)
        network.eval()
        with torch.no_grad():
            out: Floats = middle + spread * network(new).double().numpy()
    return out
