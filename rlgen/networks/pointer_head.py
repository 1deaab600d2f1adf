"""A head that scores each move by the cell that it leads to."""

import torch
from torch import nn


class PointerHead(nn.Module):
    """Scores of moves from the features of the cells that they lead to, with shared weights.

    So the score of a move depends on where it leads, not on its name: edges of a level's graph have
    no direction, actions do (Vinyals et al. 2015, https://arxiv.org/abs/1506.03134, point in the
    same way).

    Args:
        moves: Rows and columns that each action moves; (0, 0) for one that stays.
        width: Features of a cell.
        further: Features of the whole level, behind those of cells.
    """

    def __init__(self, moves: tuple[tuple[int, int], ...], width: int, further: int = 0) -> None:
        super().__init__()
        self._moves, self._width, self._further = moves, width, further
        self.move = nn.Linear(2 * width + further, 1)
        self.stay = nn.Linear(width + further, 1)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """From ``(B, width * (1 + moves) + further)`` to ``(B, actions)``."""
        cells, whole = features.tensor_split([features.shape[1] - self._further], dim=1)
        here, *there = cells.chunk(cells.shape[1] // self._width, dim=1)
        targets = iter(there)
        scores = [
            self.move(torch.cat([here, next(targets), whole], dim=1))
            if any(move)
            else self.stay(torch.cat([here, whole], dim=1))
            for move in self._moves
        ]
        return torch.cat(scores, dim=1)
