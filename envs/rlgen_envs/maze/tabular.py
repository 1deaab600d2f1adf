"""The states of mazes for exact evaluation: (cell, which objects are left)."""

import numpy as np
from numpy.typing import NDArray

from rlgen.tabular import TabularLevels
from rlgen_envs.maze.levels import EMPTY, KEY, MazeLevels
from rlgen_envs.maze.rules import (
    BUMP_PENALTY,
    CHANNELS,
    FULL_MASK,
    HORIZON,
    OBJECTS,
    TIMEOUT_REWARD,
    Action,
)


def tabular(levels: MazeLevels) -> TabularLevels:
    """All states in which an episode can be.

    These are the free cells but the key's, each with every set of objects left that does not
    include one on that cell.
    """
    n_levels, n_cells = len(levels), levels.side[0] * levels.side[1]
    item = levels.item.astype(np.int64)
    free = ~levels.walls.reshape(n_levels, n_cells)
    masks = np.arange(FULL_MASK + 1)
    # bit i - 1 stands for object i; nothing and key have no bit
    bit = np.where((item > EMPTY) & (item < KEY), 1 << (item - 1).clip(0), 0)
    exists = (free & (item != KEY))[:, :, None] & (bit[:, :, None] & masks == 0)
    number = np.full(exists.shape, -1, np.int32)
    level, cell, mask = np.nonzero(exists)
    n_states = len(level)
    number[level, cell, mask] = np.arange(n_states, dtype=np.int32)

    target = levels.next_cell[level, cell].astype(np.int64)  # (N, A)
    lv = level[:, None]
    taken = bit[lv, target] & mask[:, None]
    at_key = item[lv, target] == KEY
    next_state = number[lv, target, mask[:, None] & ~taken]
    next_state[at_key] = n_states
    slot = np.where(at_key, 4, (item[lv, target] - 1).clip(0))
    reward = np.where((taken > 0) | at_key, levels.values[lv, slot], 0.0)
    bumped = target == cell[:, None]
    bumped[:, Action.STAY] = False
    reward += bumped * BUMP_PENALTY
    bad = (levels.values[:, : len(OBJECTS)] <= 0) @ (1 << np.arange(len(OBJECTS)))
    success = at_key & (mask == bad[level])[:, None]

    pictures = levels.pictures
    channels = np.array([CHANNELS.index(name) for name in OBJECTS])

    def observe(states: NDArray[np.int32]) -> NDArray[np.uint8]:
        out = pictures[level[states]]
        rows = np.arange(len(states))
        at = levels.objects[level[states]]
        out[rows[:, None], channels, at] = mask[states, None] >> np.arange(len(OBJECTS)) & 1
        out[rows, CHANNELS.index("agent"), cell[states]] = 1
        return out.reshape(-1, len(CHANNELS), *levels.side)

    spawns = [number[n, s, FULL_MASK] for n, s in enumerate(levels.spawns)]
    per_level = np.bincount(level, minlength=n_levels)
    return TabularLevels(
        offsets=np.concatenate([[0], per_level.cumsum()]),
        next_state=next_state,
        reward=reward,
        success=success,
        start=number[np.arange(n_levels), levels.start, FULL_MASK],
        spawns=np.concatenate(spawns),
        spawn_offsets=np.concatenate([[0], np.cumsum([len(s) for s in spawns])]),
        horizon=HORIZON,
        timeout_reward=TIMEOUT_REWARD,
        observe=observe,
    )
