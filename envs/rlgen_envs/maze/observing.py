"""Observations of mazes, painted for many at once by one compiled loop."""

import numpy as np
from numpy.typing import NDArray

from rlgen.util.jit import compiled
from rlgen_envs.maze.levels import WALL, MazeLevels
from rlgen_envs.maze.rules import CHANNELS


def observe(
    levels: MazeLevels, situations: NDArray[np.int32], which: NDArray[np.int64]
) -> NDArray[np.uint8]:
    """Paint the observations of some situations.

    Args:
        levels: ``L`` levels of ``H x W`` cells.
        situations: int32 ``(N, 3)`` or wider; level, cell of the agent, and the objects left (bit
            ``i`` stands for object ``i``).
        which: int64 ``(B,)``; indices of situations.

    Returns:
        uint8 ``(B, 7, H, W)``, a new array.
    """
    height, width = levels.side
    out = np.empty((len(which), len(CHANNELS), height, width), np.uint8)
    _paint(levels.board, levels.pixels, situations, which, out.reshape(len(which), -1))
    return out


@compiled("void(i1[:,::1], i4[:,::1], i4[:,::1], i8[::1], u1[:,::1])")
def _paint(board, pixels, situations, which, out):  # type: ignore[no-untyped-def]
    # Channels: wall, key, the four objects, agent.
    cells = board.shape[1]
    for j in range(len(which)):
        i = which[j]
        level, cell, left = situations[i, 0], situations[i, 1], situations[i, 2]
        out[j] = 0
        for c in range(cells):
            out[j, c] = board[level, c] == WALL
        # The key is visible until the agent stands on it, which ends the episode.
        out[j, pixels[level, 0]] = pixels[level, 0] != cells + cell
        for i in range(4):
            out[j, pixels[level, 1 + i]] = left >> i & 1
        out[j, 6 * cells + cell] = 1
