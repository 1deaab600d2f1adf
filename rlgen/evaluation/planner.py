"""The best that can be done on a level: value iteration on its states (method 3.5, "oracle")."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rlgen.tabular import TabularLevels

#: Among best returns the shortest way is best. Small enough that a whole episode of such costs
#: cannot outweigh the smallest difference between returns.
STEP_COST = 1e-6


@dataclass(frozen=True)
class Plan:
    """An optimal plan for each level.

    Attributes:
        optimal: Which actions lead to the best return in the fewest steps, bool ``(N, A)``; at
            least one in each state. Cloning learns the uniform distribution on them.
        action: The planner's action in each state, int64 ``(N,)``: the first optimal one.
        returns: Best return from each level's start, float64 ``(L,)``.
        paths: The planner's actions from each level's start to the end of the episode.
    """

    optimal: NDArray[np.bool_]
    action: NDArray[np.int64]
    returns: NDArray[np.float64]
    paths: list[list[int]]

    def probabilities(self, n_actions: int) -> NDArray[np.float64]:
        """The plan as a deterministic policy, ``(N, A)``."""
        return np.eye(n_actions)[self.action]


def plan(tabular: TabularLevels) -> Plan:
    """Value iteration over the horizon, then the greedy actions of its last step."""
    value = np.full(tabular.n_states + 1, tabular.timeout_reward)
    value[-1] = 0.0  # the ended episode
    cost = tabular.reward - STEP_COST
    targets = [np.ascontiguousarray(column) for column in tabular.next_state.T]
    costs = [np.ascontiguousarray(column) for column in cost.T]
    for _ in range(tabular.horizon):
        best = costs[0] + value[targets[0]]
        for reward, target in zip(costs[1:], targets[1:], strict=True):
            np.maximum(best, reward + value[target], out=best)
        change = np.abs(best - value[:-1]).max(initial=0.0)
        value[:-1] = best
        # Backups never enlarge the largest change, so from here on states that cannot end the
        # episode lose the step cost each time and no decision changes any more.
        if change <= STEP_COST * 1.5:
            break
    quality = cost + value[tabular.next_state]
    # Equal up to rounding is equal; the first action in order is taken.
    optimal = quality >= quality.max(axis=1, keepdims=True) - STEP_COST / 4
    action = optimal.argmax(axis=1)
    returns, paths = _follow(tabular, action)
    return Plan(optimal, action, returns, paths)


def _follow(
    tabular: TabularLevels, action: NDArray[np.int64]
) -> tuple[NDArray[np.float64], list[list[int]]]:
    state = tabular.start.astype(np.int64)
    returns = np.zeros(tabular.n_levels)
    paths: list[list[int]] = [[] for _ in range(tabular.n_levels)]
    for _ in range(tabular.horizon):
        alive = np.flatnonzero(state < tabular.n_states)
        if not len(alive):
            break
        here = state[alive]
        chosen = action[here]
        returns[alive] += tabular.reward[here, chosen]
        state[alive] = tabular.next_state[here, chosen]
        for level, taken in zip(alive, chosen, strict=True):
            paths[level].append(int(taken))
    returns[state < tabular.n_states] += tabular.timeout_reward
    return returns, paths
