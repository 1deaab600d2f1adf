"""The planner: value iteration on the states of a level (method 3.5, "oracle")."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rlgen.levels.tabular import TabularLevels
from rlgen.util.jit import compiled

#: Cost of a step, so that the shortest of the best paths is best. A whole episode of such costs is
#: less than the smallest difference between returns.
STEP_COST = 1e-6
#: The reward of actions that are not valid, which no plan takes where one is.
NEVER = -1e12


@dataclass(frozen=True)
class Plan:
    """An optimal plan for each level.

    Attributes:
        optimal: Which actions lead to the best return in the fewest steps, bool ``(N, A)``; at
            least one in each state. Cloning fits the uniform distribution on them.
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
    """Plan each level by value iteration over the horizon.

    The plan is greedy for the values of the whole horizon. A level's plan does not depend on its
    batch.

    Args:
        tabular: ``L`` levels with ``N`` states in all.
    """
    optimal = np.empty((tabular.n_states, tabular.n_actions), np.bool_)
    paths = np.zeros((tabular.n_levels, tabular.horizon), np.int64)
    lengths = np.zeros(tabular.n_levels, np.int64)
    returns = np.zeros(tabular.n_levels)
    offsets = np.ascontiguousarray(tabular.offsets, np.int64)
    next_state = np.ascontiguousarray(tabular.next_state, np.int32)
    reward = np.ascontiguousarray(tabular.reward, np.float64)
    if tabular.valid is not None:
        reward = np.where(tabular.valid, reward, NEVER)
    _iterate(offsets, next_state, reward, tabular.horizon, tabular.timeout_reward, optimal)
    # Equal up to rounding is equal; the first action in order is taken.
    action = optimal.argmax(axis=1)
    start = np.ascontiguousarray(tabular.start, np.int64)
    _follow(next_state, reward, action, start, tabular.timeout_reward, returns, paths, lengths)
    walked = [path[:n].tolist() for path, n in zip(paths, lengths, strict=True)]
    return Plan(optimal, action, returns, walked)


@compiled("void(i8[::1], i4[:,::1], f8[:,::1], i8, f8, b1[:,::1])")
def _iterate(  # type: ignore[no-untyped-def]
    offsets, next_state, reward, horizon, timeout_reward, optimal
):
    end, actions = next_state.shape
    largest = (offsets[1:] - offsets[:-1]).max()
    # Of one level, which then stays in the cache; the ended episode comes last.
    target = np.empty((actions, largest), np.uint32)
    cost = np.empty((actions, largest))
    now, later, quality = np.empty(largest + 1), np.empty(largest + 1), np.empty(actions)
    for level in range(len(offsets) - 1):
        first, n = offsets[level], offsets[level + 1] - offsets[level]
        for s in range(n):
            for a in range(actions):
                following = next_state[first + s, a]
                target[a, s] = n if following == end else following - first
                cost[a, s] = reward[first + s, a] - STEP_COST
        now[:n] = timeout_reward
        now[n] = later[n] = 0.0
        for _ in range(horizon):
            change = 0.0
            for s in range(n):
                best = cost[0, s] + now[target[0, s]]
                for a in range(1, actions):
                    best = max(best, cost[a, s] + now[target[a, s]])
                change = max(change, abs(best - now[s]))
                later[s] = best
            now, later = later, now
            # Backups never enlarge the largest change, so from here on states that cannot end the
            # episode lose the step cost each time and no decision changes any more.
            if change <= STEP_COST * 1.5:
                break
        for s in range(n):
            for a in range(actions):
                quality[a] = cost[a, s] + now[target[a, s]]
            least = quality.max() - STEP_COST / 4
            for a in range(actions):
                optimal[first + s, a] = quality[a] >= least


@compiled("void(i4[:,::1], f8[:,::1], i8[::1], i8[::1], f8, f8[::1], i8[:,::1], i8[::1])")
def _follow(  # type: ignore[no-untyped-def]
    next_state, reward, action, start, timeout_reward, returns, paths, lengths
):
    end, horizon = len(next_state), paths.shape[1]
    for level in range(len(start)):
        state, step = start[level], 0
        while state < end and step < horizon:
            chosen = action[state]
            returns[level] += reward[state, chosen]
            paths[level, step] = chosen
            state = next_state[state, chosen]
            step += 1
        lengths[level] = step
        if state < end:
            returns[level] += timeout_reward
