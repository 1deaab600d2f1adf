"""The cells that the planner has still to go over, from every state of some levels."""

import numpy as np
from numpy.typing import NDArray

from rlgen.levels.capabilities import GraphView
from rlgen.levels.tabular import TabularLevels


def ahead(
    tabular: TabularLevels,
    actions: NDArray[np.int64],
    pictures: NDArray[np.uint8],
    view: GraphView,
) -> NDArray[np.bool_]:
    """Whether the planner's remaining path leads over a cell, bool ``(N, H, W)``.

    It holds the cells of the objects that it will take, and where the episode ends. The cell of
    the agent is on it only if the path comes back to it.

    Args:
        tabular: Levels with ``N`` states.
        actions: The planner's in each state, ``(N,)``.
        pictures: Of all states, ``(N, C, H, W)``.
        view: How they show cells.
    """
    states = np.arange(tabular.n_states)
    height, width = pictures.shape[2:]
    here = pictures[:, view.agent].reshape(len(states), -1).argmax(axis=1)
    moves = np.array(view.moves)[actions]
    after = (here // width + moves[:, 0]) * width + here % width + moves[:, 1]
    # A move into a wall stays.
    walls = pictures[:, view.walls].reshape(len(states), -1)
    after = np.where(walls[states, after] == 0, after, here)
    over = np.zeros((len(states), height * width), np.bool_)
    going, now = states, states
    for _ in range(tabular.horizon):
        over[going, after[now]] = True
        now = tabular.next_state[now, actions[now]].astype(np.int64)
        going, now = going[now < tabular.n_states], now[now < tabular.n_states]
        if not len(going):
            break
    return over.reshape(-1, height, width)
