"""The graphs that pictures of levels show, as one graph of a batch: by index arithmetic alone.

How many cells are free is only known once a picture is looked at, which transforms of
``torch.func`` cannot do. There every cell is a node, and to walls no move leads.
"""

from dataclasses import dataclass
from typing import Self

import torch
from torch.nn.functional import pad

from rlgen.levels.capabilities import GraphView


@dataclass(frozen=True)
class Boards:
    """The free cells of ``B`` pictures as ``N`` nodes, numbered from 1 in reading order.

    Number 0 is no node: a wall, or a place beyond the picture.

    Attributes:
        places: Where each node stands among all cells ``(B, H, W)``, int64 ``(N,)``.
        pictures: The picture that each node is in, int64 ``(N,)``.
        neighbours: The node that each of ``M`` moves leads to, int64 ``(M, 1 + N)``; of no node 0.
        agents: The node of each picture's agent, int64 ``(B,)``.
        free: Which nodes are free cells, bool ``(N,)``: all, but under ``torch.func``.
    """

    places: torch.Tensor
    pictures: torch.Tensor
    neighbours: torch.Tensor
    agents: torch.Tensor
    free: torch.Tensor

    @classmethod
    def of(
        cls, observations: torch.Tensor, graph: GraphView, moves: tuple[tuple[int, int], ...]
    ) -> Self:
        """Read them.

        Args:
            observations: ``(B, C, H, W)``.
            graph: How pictures show the graph.
            moves: Rows and columns of each move that joins nodes, at most one apart in each.
        """
        free = observations[:, graph.walls] == 0
        if torch._C._functorch.peek_interpreter_stack() is not None:
            return cls._of_all_cells(free, observations[:, graph.agent], moves)
        n_pictures, height, width = free.shape
        places = free.flatten().nonzero()[:, 0]
        pictures = places // (height * width)
        # Numbers stand on pictures with a margin, so that no move leads into another row.
        row, column = places // width % height, places % width
        stride = width + 2
        inner = (pictures * (height + 2) + row + 1) * stride + column + 1
        numbers = places.new_zeros(n_pictures * (height + 2) * stride)
        numbers[inner] = torch.arange(1, len(places) + 1, device=places.device)
        steps = places.new_tensor([down * stride + right for down, right in moves])
        neighbours = places.new_zeros(len(moves), 1 + len(places))
        neighbours[:, 1:] = numbers[inner + steps[:, None]]
        board = numbers.view(n_pictures, height + 2, stride)[:, 1:-1, 1:-1]
        agents = (board * (observations[:, graph.agent] != 0)).flatten(1).amax(dim=1)
        return cls(places, pictures, neighbours, agents, torch.ones_like(places, dtype=torch.bool))

    @classmethod
    def _of_all_cells(
        cls, free: torch.Tensor, agent: torch.Tensor, moves: tuple[tuple[int, int], ...]
    ) -> Self:
        _, height, width = free.shape
        places = torch.arange(free.numel(), device=free.device)
        board = (places + 1).view(free.shape) * free
        around = [_shifted(board, move) * free for move in moves]
        neighbours = pad(torch.stack(around).flatten(1), (1, 0))
        agents = (board * (agent != 0)).flatten(1).amax(dim=1)
        return cls(places, places // (height * width), neighbours, agents, free.flatten())


def _shifted(board: torch.Tensor, move: tuple[int, int]) -> torch.Tensor:
    """Of each cell the number that stands where a move leads; 0 beyond the picture."""
    (down, right), (height, width) = move, board.shape[1:]
    return pad(board, (1, 1, 1, 1))[:, 1 + down : 1 + down + height, 1 + right : 1 + right + width]
