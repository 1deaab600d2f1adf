"""Rounds of messages on mazes with shared weights, which may be repeated as often as one likes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from rlgen_protocols.graphs.mazes import MazeGraph
from rlgen_protocols.xu2021.aggregation import aggregate

#: At the start weights of messages are so many times as large as torch draws them, and their biases
#: are uniform from 0 to this: a step adds a little.
SMALL, STEP = 0.1, 0.2
#: What cells have of their own is so many times as large, so that minima come from far: 40 steps.
REACH = 10.0


@dataclass(frozen=True, eq=False)
class Cells:
    """The cells of some mazes.

    Attributes:
        features: float32 ``(n, 6)``.
        around: int64 ``(M,)``: of each cell the places, in the cells followed by the messages of
            all cells, of its own features and of its neighbours' messages.
        counts: int64 ``(n,)``; how many that are: one more than neighbours.
        distances: float32 ``(n,)``; steps to the key.
    """

    features: torch.Tensor
    around: torch.Tensor
    counts: torch.Tensor
    distances: torch.Tensor

    @classmethod
    def of(cls, mazes: Sequence[MazeGraph], distances: Sequence[NDArray[np.float64]]) -> "Cells":
        """The cells of mazes, joined.

        Args:
            mazes: At least one.
            distances: Steps to the key from each cell of each.
        """
        sizes = np.array([maze.n for maze in mazes])
        starts, n = np.cumsum(sizes) - sizes, int(sizes.sum())
        edges = np.concatenate([m.edges + s for m, s in zip(mazes, starts, strict=True)], axis=1)
        own = np.arange(n)
        targets = np.concatenate([own, edges[1]])
        places = np.concatenate([own, edges[0] + n])[np.argsort(targets, kind="stable")]
        return cls(
            torch.from_numpy(np.concatenate([maze.features for maze in mazes])),
            torch.from_numpy(places),
            torch.from_numpy(np.bincount(targets)),
            torch.from_numpy(np.concatenate(distances)).float(),
        )


class MazeNetwork(nn.Module):
    """Distances of cells by rounds in the form of Bellman and Ford's.

    In each round what a cell has of its own, a linear map of its features, is put together with
    messages of its neighbours: ``h_v <- AGG({s_v} and {M(h_u): u next to v})``, with one ``M`` for
    all rounds. With the minimum and ``M(h) = h + 1`` this is the algorithm itself. ``M(h)`` is
    ``h`` times a constant and a trained part; the constant is 1, of sums a quarter, since a cell
    has four sides: so rounds do not blow up at the start.

    Args:
        features: Of a cell at the start.
        width: Of a cell later.
        aggregate: How they are put together, one of ``aggregation.HOW``.
        message: What the trained part of messages is: "linear", or "mlp" with a hidden layer of
            ReLU units.
    """

    def __init__(self, features: int, width: int, aggregate: str, message: str) -> None:
        super().__init__()
        self._aggregate = aggregate
        self._pass = 0.25 if aggregate == "sum" else 1.0
        self.start = nn.Linear(features, width)
        hidden = [nn.Linear(width, width), nn.ReLU()] if message == "mlp" else []
        last = nn.Linear(width, width)
        self.message = nn.Sequential(*hidden, last)
        self.output = nn.Linear(width, 1)
        with torch.no_grad():
            last.weight *= SMALL
            last.bias.uniform_(0, STEP)

    def own(self, features: torch.Tensor) -> torch.Tensor:
        """What cells have of their own, ``(n, width)``, from their features ``(n, features)``."""
        return REACH * torch.as_tensor(self.start(features))

    def messages(self, nodes: torch.Tensor) -> torch.Tensor:
        """What cells send, ``(n, width)``."""
        sent: torch.Tensor = self._pass * nodes + self.message(nodes)
        return sent

    def forward(self, cells: Cells, rounds: int) -> torch.Tensor:
        """The number of each cell after some rounds, ``(n,)``."""
        start = nodes = self.own(cells.features)
        for _ in range(rounds):
            both = torch.cat([start, self.messages(nodes)]).index_select(0, cells.around)
            nodes = aggregate(both, cells.counts, self._aggregate)
        outputs: torch.Tensor = self.output(nodes)[:, 0]
        return outputs
