"""A graph network on the free cells of a level, which takes levels of any size."""

import gymnasium as gym
import torch
from torch import nn

from rlgen.levels.capabilities import GraphView


class MessagePassing(nn.Module):
    """Rounds of messages between neighbouring cells, read at the agent's cell and around it.

    In each round a cell receives the entrywise maximum of its neighbours' features, and all rounds
    share their weights (Gilmer et al. 2017, https://arxiv.org/abs/1704.01212). Two cells are
    neighbours if an action leads from one to the other.

    Args:
        n_channels: Channels of a picture.
        graph: How pictures show the graph.
        width: Features of a cell.
        rounds: Number of rounds; a cell knows of others that are at most as many moves away.
    """

    def __init__(self, n_channels: int, graph: GraphView, *, width: int, rounds: int) -> None:
        super().__init__()
        self._graph, self._rounds = graph, rounds
        self._moves = tuple(move for move in graph.moves if any(move))
        self.n_features = width * (1 + len(self._moves))
        self.embed = nn.Sequential(nn.Conv2d(n_channels, width, 1), nn.ReLU())
        self.update = nn.Sequential(
            nn.Conv2d(2 * width, width, 1), nn.ReLU(), nn.Conv2d(width, width, 1)
        )

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        """Features of the agent's cell, and of the cell that each move leads to.

        Args:
            observations: float32 ``(B, n_channels, H, W)``.

        Returns:
            ``(B, n_features)``; zeros for a move into a wall or out of the picture.
        """
        free = (observations[:, self._graph.walls, None] == 0).float()
        cells = self.embed(observations) * free
        for _ in range(self._rounds):
            # Features are not negative, so that walls, which are zero, are never the maximum.
            around = torch.stack([_shifted(cells, move) for move in self._moves]).amax(dim=0)
            cells = (cells + self.update(torch.cat([cells, around], dim=1))).relu() * free
        agent = observations[:, self._graph.agent, None]
        read = [cells, *(_shifted(cells, move) for move in self._moves)]
        return torch.cat([(part * agent).sum((2, 3)) for part in read], dim=1)

    def head(self, n_actions: int) -> nn.Module:
        """The head, see ``PointerHead``."""
        del n_actions  # the graph's moves are the actions
        return PointerHead(self._graph.moves, self.n_features // (1 + len(self._moves)))


class PointerHead(nn.Module):
    """Scores of moves from the features of the cells that they lead to, with shared weights.

    So the score of a move depends on where it leads, not on its name.

    Args:
        moves: Rows and columns that each action moves; (0, 0) for one that stays.
        width: Features of a cell.
    """

    def __init__(self, moves: tuple[tuple[int, int], ...], width: int) -> None:
        super().__init__()
        self._moves, self._width = moves, width
        self.move, self.stay = nn.Linear(2 * width, 1), nn.Linear(width, 1)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """From ``(B, width * (1 + moves))`` to ``(B, actions)``."""
        here, *there = features.reshape(len(features), -1, self._width).unbind(dim=1)
        targets = iter(there)
        scores = [
            self.move(torch.cat([here, next(targets)], dim=1)) if any(move) else self.stay(here)
            for move in self._moves
        ]
        return torch.cat(scores, dim=1)


def _shifted(cells: torch.Tensor, move: tuple[int, int]) -> torch.Tensor:
    """At each cell the features of the cell that a move leads to; zeros beyond the edge."""
    rows, columns = move
    _, _, height, width = cells.shape
    padding = (max(-columns, 0), max(columns, 0), max(-rows, 0), max(rows, 0))
    padded = nn.functional.pad(cells, padding)
    top, left = max(rows, 0), max(columns, 0)
    return padded[:, :, top : top + height, left : left + width]


def make(space: gym.spaces.Box, *, graph: GraphView, width: int, rounds: int) -> MessagePassing:
    """Make it for pictures ``(C, H, W)`` that show a graph."""
    return MessagePassing(space.shape[0], graph, width=width, rounds=rounds)
