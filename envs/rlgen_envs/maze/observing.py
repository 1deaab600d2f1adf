"""Observations of mazes, painted for many at once by one compiled loop."""

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from rlgen.util.jit import compiled
from rlgen_envs.maze.levels import EMPTY, KEY, WALL, MazeLevels
from rlgen_envs.maze.rules import CHANNELS, VIEW_CHANNELS


def space(side: tuple[int, int], view: int) -> "gym.spaces.Box[np.uint8]":
    """The observations of mazes of this height and width; ``view`` as in ``MazeOptions``."""
    shape = (len(VIEW_CHANNELS), view, view) if view else (len(CHANNELS), *side)
    return gym.spaces.Box(0, 1, shape, np.uint8)


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


def glimpse(
    levels: MazeLevels,
    situations: NDArray[np.int32],
    last: NDArray[np.int64],
    which: NDArray[np.int64],
    view: int,
) -> NDArray[np.uint8]:
    """Paint what an agent sees that sees a square around itself.

    Args:
        levels: As of ``observe``.
        situations: Likewise, ``(N, 3)`` or wider.
        last: int64 ``(B,)``; the last action plus one, 0 before the first.
        which: int64 ``(B,)``; indices of situations.
        view: Cells a side of the square; what lies outside the maze is wall.

    Returns:
        uint8 ``(B, 11, view, view)``, a new array; ``VIEW_CHANNELS`` names the channels.
    """
    out = np.zeros((len(which), len(VIEW_CHANNELS), view, view), np.uint8)
    _paint_view(levels.board, levels.side[1], situations, last, which, out)
    return out


@compiled("void(i1[:,::1], i8, i4[:,::1], i8[::1], i8[::1], u1[:,:,:,::1])")
def _paint_view(board, width, situations, last, which, out):  # type: ignore[no-untyped-def]
    height, view = board.shape[1] // width, out.shape[2]
    for j in range(len(which)):
        i = which[j]
        level, cell, left = situations[i, 0], situations[i, 1], situations[i, 2]
        top, edge = cell // width - view // 2, cell % width - view // 2
        for y in range(view):
            for x in range(view):
                row, column = top + y, edge + x
                if row < 0 or column < 0 or row >= height or column >= width:
                    out[j, 0, y, x] = 1
                    continue
                there = row * width + column
                content = board[level, there]
                if content == WALL:
                    out[j, 0, y, x] = 1
                elif content == KEY:
                    out[j, 1, y, x] = there != cell
                elif content != EMPTY:
                    out[j, 1 + content, y, x] = left >> (content - 1) & 1
        if last[j]:
            out[j, 5 + last[j], view // 2, view // 2] = 1


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
