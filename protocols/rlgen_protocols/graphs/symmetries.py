"""The eight symmetries of the square, of boards and of the actions on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from rlgen.errors import LevelError


@dataclass(frozen=True)
class Symmetry:
    """Rows and columns swapped or not, and after that either flipped or not.

    Attributes:
        transpose: Whether rows and columns are swapped.
        flip_rows: Whether the first row becomes the last.
        flip_columns: Whether the first column becomes the last.
    """

    transpose: bool
    flip_rows: bool
    flip_columns: bool

    def boards(self, boards: NDArray[np.generic]) -> NDArray[np.generic]:
        """The images of boards ``(..., H, H)``, or ``(..., H, W)`` where rows stay rows."""
        image = boards.swapaxes(-1, -2) if self.transpose else boards
        image = image[..., ::-1, :] if self.flip_rows else image
        image = image[..., ::-1] if self.flip_columns else image
        return np.ascontiguousarray(image)

    def actions(self, moves: Sequence[tuple[int, int]]) -> list[int]:
        """The action before the symmetry of each action after it.

        What is true of actions, ``values``, is true of their images as ``values[order]``.

        Args:
            moves: Rows and columns that each action moves.

        Raises:
            LevelError: If the actions are not symmetric.

        Example:
            >>> Symmetry(True, False, False).actions([(-1, 0), (1, 0), (0, -1), (0, 1), (0, 0)])
            [2, 3, 0, 1, 4]
        """
        images = [self._moved(*move) for move in moves]
        if sorted(images) != sorted(moves):
            raise LevelError(f"moves {list(moves)}: the square's symmetries do not permute them")
        return [images.index(move) for move in moves]

    def _moved(self, rows: int, columns: int) -> tuple[int, int]:
        if self.transpose:
            rows, columns = columns, rows
        return -rows if self.flip_rows else rows, -columns if self.flip_columns else columns


#: The identity first.
SYMMETRIES = tuple(Symmetry(*flags) for flags in product((False, True), repeat=3))
