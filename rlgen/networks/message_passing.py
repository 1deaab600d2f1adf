"""A graph network on the free cells of a level, which takes levels of any size."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import torch
from torch import nn

from rlgen.levels.capabilities import GraphView
from rlgen.networks.boards import Boards
from rlgen.networks.pointer_head import PointerHead

#: What a node receives from features ``(M, N, width)`` along moves, zeros where one leads nowhere,
#: and how many lead somewhere, ``(N, 1)``; zeros where none does.
AGGREGATES: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    # Features are not negative, so that zeros are never the maximum.
    "max": lambda around, degree: around.amax(dim=0),  # noqa: ARG005
    "sum": lambda around, degree: around.sum(dim=0),  # noqa: ARG005
    "mean": lambda around, degree: around.sum(dim=0) / degree.clamp(min=1),
}


class MessagePassing(nn.Module):
    """Rounds of messages between neighbouring cells, read at the agent's cell and around it.

    In each round a cell receives the entrywise maximum, sum or mean of its neighbours' features
    (Gilmer et al. 2017, https://arxiv.org/abs/1704.01212). Two cells are neighbours if an action
    leads from one to the other.

    Args:
        n_channels: Channels of a picture.
        graph: How pictures show the graph.
        width: Features of a cell.
        rounds: Number of rounds; a cell knows of others that are at most as many moves away.
        aggregate: One of ``AGGREGATES``.
        update: One of ``UPDATES``.
        tied: Whether all rounds share their weights.
        head: "pointer", see ``PointerHead``, or "linear": more general, and not the same for all
            directions.
        readout: "agent", or "attention", which also reads a weighted mean of all cells.
    """

    def __init__(
        self,
        n_channels: int,
        graph: GraphView,
        *,
        width: int,
        rounds: int,
        aggregate: str = "max",
        update: str = "mlp",
        tied: bool = True,
        head: str = "pointer",
        readout: str = "agent",
    ) -> None:
        super().__init__()
        self._graph, self._rounds, self._width, self._head = graph, rounds, width, head
        self._moves = tuple(move for move in graph.moves if any(move))
        self._aggregate, make = AGGREGATES[aggregate], UPDATES[update]
        self.embed = nn.Sequential(PerNode(n_channels, width), nn.ReLU())
        self.update = make(width) if tied else nn.ModuleList(make(width) for _ in range(rounds))
        self._tied = tied
        self.attention = PerNode(width, 1) if readout == "attention" else None
        self.n_features = width * (1 + len(self._moves) + (self.attention is not None))

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        """Features of the agent's cell, and of the cell that each move leads to.

        Args:
            observations: float32 ``(B, n_channels, H, W)``.

        Returns:
            ``(B, n_features)``; zeros for a move into a wall or out of the picture. With attention
            the mean of all cells comes last.
        """
        boards, cells = self._passed(observations)
        # The first row is that of no node.
        padded = nn.functional.pad(cells, (0, 0, 1, 0))
        places = [boards.agents, *boards.neighbours.index_select(1, boards.agents)]
        read = [padded.index_select(0, place) for place in places]
        if self.attention is not None:
            weights = self._attention(boards, cells, len(observations))
            mean = cells.new_zeros(len(observations), self._width)
            read.append(mean.index_add(0, boards.pictures, weights * cells))
        return torch.cat(read, dim=1)

    def attended(self, observations: torch.Tensor) -> torch.Tensor:
        """The weight of each cell, ``(B, H, W)``: zero of walls; over a picture they sum to 1.

        Args:
            observations: float32 ``(B, n_channels, H, W)``; of a network with attention.
        """
        boards, cells = self._passed(observations)
        weights = self._attention(boards, cells, len(observations))
        walls = observations[:, self._graph.walls]
        board = weights.new_zeros(walls.numel()).index_add(0, boards.places, weights[:, 0])
        return board.view(walls.shape)

    def head(self, n_actions: int) -> nn.Module:
        """The head, see ``PointerHead``."""
        if self._head == "linear":
            return nn.Linear(self.n_features, n_actions)
        # The graph's moves are the actions.
        further = self._width if self.attention is not None else 0
        return PointerHead(self._graph.moves, self._width, further)

    def _passed(self, observations: torch.Tensor) -> tuple[Boards, torch.Tensor]:
        """The nodes of a batch, and their features after all rounds, ``(N, width)``."""
        boards = Boards.of(observations, self._graph, self._moves)
        pixels = observations.movedim(1, -1).flatten(0, 2)
        cells = self.embed(pixels.index_select(0, boards.places))
        neighbours = boards.neighbours[:, 1:]
        degree = (neighbours > 0).sum(dim=0, dtype=cells.dtype)[:, None]
        rounds: Any = [self.update] * self._rounds if self._tied else self.update
        for update in rounds:
            padded = nn.functional.pad(cells, (0, 0, 1, 0))
            around = padded.index_select(0, neighbours.flatten())
            around = around.view(len(self._moves), len(cells), self._width)
            cells = update.step(cells, self._aggregate(around, degree))
        return boards, cells

    def _attention(self, boards: Boards, cells: torch.Tensor, n_pictures: int) -> torch.Tensor:
        """The softmax of each node's score over its picture, ``(N, 1)``."""
        assert self.attention is not None
        scores, pictures = self.attention(cells)[:, 0], boards.pictures
        largest = scores.new_full((n_pictures,), -torch.inf)
        largest = largest.scatter_reduce(0, pictures, scores.detach(), "amax")
        weights: torch.Tensor = (scores - largest.index_select(0, pictures)).exp() * boards.free
        totals = weights.new_zeros(n_pictures).index_add(0, pictures, weights)
        return (weights / totals.index_select(0, pictures))[:, None]


class PerNode(nn.Conv2d):
    """A linear map of each node's features; its weights are those of a 1 x 1 convolution."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 1)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """From ``(N, inputs)`` to ``(N, outputs)``."""
        return nn.functional.linear(features, self.weight[:, :, 0, 0], self.bias)


class Update(nn.Sequential):
    """How a cell's features change in a round: a network of one hidden layer, and how it is used.

    Args:
        inputs: Of the network.
        width: Features of a cell.
    """

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__(PerNode(inputs, width), nn.ReLU(), PerNode(width, width))

    @abstractmethod
    def step(self, cells: torch.Tensor, around: torch.Tensor) -> torch.Tensor:
        """The features after a round, ``(N, width)``, from those before and what cells receive."""


class Residual(Update):
    """``relu(h + W2 relu(W1 [h; m]))`` of a cell's features h and what it receives, m."""

    def __init__(self, width: int) -> None:
        super().__init__(2 * width, width)

    def step(self, cells: torch.Tensor, around: torch.Tensor) -> torch.Tensor:
        """See ``Update``."""
        changed: torch.Tensor = self(torch.cat([cells, around], dim=1))
        return (cells + changed).relu()


class Isomorphism(Update):
    """``relu(MLP((1 + eps) h + m))``, the update of GIN.

    Xu, Hu, Leskovec and Jegelka 2019, section 4.1, https://arxiv.org/abs/1810.00826; with sums it
    is their network, without its batch normalisation.
    """

    def __init__(self, width: int) -> None:
        super().__init__(width, width)
        # A vector of one: optimisers and rates by width take no scalars.
        self.eps = nn.Parameter(torch.zeros(1))

    def step(self, cells: torch.Tensor, around: torch.Tensor) -> torch.Tensor:
        """See ``Update``."""
        changed: torch.Tensor = self((1 + self.eps) * cells + around)
        return changed.relu()


UPDATES: dict[str, Callable[[int], Update]] = {"mlp": Residual, "gin": Isomorphism}


def make(space: gym.spaces.Box, *, graph: GraphView, **options: Any) -> MessagePassing:
    """Make it for pictures ``(C, H, W)`` that show a graph; options of ``MessagePassing``."""
    return MessagePassing(space.shape[0], graph, **options)
