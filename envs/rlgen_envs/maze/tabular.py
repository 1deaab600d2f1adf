"""The states of mazes for exact evaluation: the agent's cell and the objects left."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rlgen.levels.tabular import TabularLevels
from rlgen.util.jit import compiled
from rlgen_envs.maze.levels import EMPTY, KEY, WALL, MazeLevels
from rlgen_envs.maze.observing import glimpse, observe
from rlgen_envs.maze.rules import BUMP_PENALTY, FULL_MASK, HORIZON, TIMEOUT_REWARD, Action


def tabular(levels: MazeLevels, view: int = 0) -> TabularLevels:
    """All states of the levels.

    These are the free cells other than the key's, each with every set of objects left that does
    not include one on that cell. With a view of part of the maze, which shows the last action too,
    state ``s`` is ``s * 6 + k`` after action ``k - 1``, and ``s * 6`` before the first one.

    Args:
        levels: The levels.
        view: As in ``MazeOptions``.
    """
    board, n_levels = levels.board, len(levels)
    empty = (board == EMPTY).sum(axis=1)
    objects = ((board > EMPTY) & (board < KEY)).sum(axis=1)
    sets = FULL_MASK + 1
    offsets = np.concatenate([[0], (empty * sets + objects * (sets // 2)).cumsum()])
    spawn_offsets = np.concatenate([[0], empty.cumsum()])
    n_states, n_actions = int(offsets[-1]), len(Action)
    situations = np.empty((n_states, 3), np.int32)
    next_state = np.empty((n_states, n_actions), np.int32)
    reward = np.empty((n_states, n_actions))
    success = np.empty((n_states, n_actions), np.bool_)
    start = np.empty(n_levels, np.int32)
    spawns = np.empty(spawn_offsets[-1], np.int32)
    _list(
        board,
        np.ascontiguousarray(levels.values),
        levels.negative,
        levels.strides,
        levels.start.astype(np.int64),
        situations,
        next_state,
        reward,
        success,
        start,
        spawns,
    )
    whole = TabularLevels(
        offsets=offsets,
        next_state=next_state,
        reward=reward,
        success=success,
        start=start,
        spawns=spawns,
        spawn_offsets=spawn_offsets,
        horizon=HORIZON,
        timeout_reward=TIMEOUT_REWARD,
        observe=lambda states: observe(levels, situations, states.astype(np.int64)),
        situate=lambda states: _with_key(situations[states, 1:]),
    )
    if not view:
        return whole
    copies = n_actions + 1
    after = next_state * copies + np.arange(1, copies, dtype=np.int32)
    after[next_state == n_states] = n_states * copies
    return replace(
        whole,
        offsets=offsets * copies,
        next_state=np.repeat(after, copies, axis=0),
        reward=np.repeat(reward, copies, axis=0),
        success=np.repeat(success, copies, axis=0),
        start=start * copies,
        spawns=spawns * copies,
        observe=lambda states: glimpse(
            levels,
            situations,
            (states % copies).astype(np.int64),
            (states // copies).astype(np.int64),
            view,
        ),
        situate=lambda states: _with_key(situations[states // copies, 1:]),
    )


def _with_key(situations: NDArray[np.int32]) -> NDArray[np.int32]:
    """Cells and objects left; the key, which ends the episode, is always one of them."""
    return situations | np.array([0, FULL_MASK + 1], np.int32)


@compiled(
    "void(i1[:,::1], f8[:,::1], i8[::1], i8[::1], i8[::1], i4[:,::1], i4[:,::1], f8[:,::1],"
    " b1[:,::1], i4[::1], i4[::1])"
)
def _list(  # type: ignore[no-untyped-def]
    board,
    values,
    negative,
    strides,
    start_cell,
    situations,
    next_state,
    reward,
    success,
    start,
    spawns,
):
    end, cells, sets = len(situations), board.shape[1], FULL_MASK + 1
    number = np.empty((cells, sets), np.int64)
    s, spawn = 0, 0
    for level in range(len(board)):
        first = s
        for cell in range(cells):
            here = board[level, cell]
            if here in (KEY, WALL):
                continue
            for left in range(sets):
                if here != EMPTY and left >> (here - 1) & 1:
                    continue
                number[cell, left] = s
                situations[s, 0], situations[s, 1], situations[s, 2] = level, cell, left
                s += 1
            if here == EMPTY:
                spawns[spawn] = s - 1
                spawn += 1
        start[level] = number[start_cell[level], FULL_MASK]
        for i in range(first, s):
            cell, left = situations[i, 1], situations[i, 2]
            for a in range(len(strides)):
                there = cell + strides[a]
                content = board[level, there]
                next_state[i, a] = i
                reward[i, a] = 0.0
                success[i, a] = False
                if content == WALL:
                    reward[i, a] = BUMP_PENALTY
                elif content == KEY:
                    next_state[i, a] = end
                    reward[i, a] = values[level, KEY - 1]
                    success[i, a] = left == negative[level]
                elif content != EMPTY and left >> (content - 1) & 1:
                    next_state[i, a] = number[there, left & ~(1 << (content - 1))]
                    reward[i, a] = values[level, content - 1]
                else:
                    next_state[i, a] = number[there, left]
