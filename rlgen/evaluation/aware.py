"""Optimal actions under a perturbation that the agent knows, with its memory (method 1.9, 3.5)."""

from dataclasses import replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from rlgen.evaluation import planner
from rlgen.levels.tabular import TabularLevels
from rlgen.perturbations.base import Channel

Floats = NDArray[np.float64]

#: A step that changes no value by more leaves a remaining error below horizon times this.
SETTLED = 1e-13


def optimal_actions(tabular: TabularLevels, channel: Channel) -> NDArray[np.int64]:
    """The actions that are optimal for an agent that knows the perturbation, int64 ``(N, M)``.

    One for each state and memory of the channel. Ties are broken by the fewest steps, then by the
    order of actions. The plan is for a whole episode, so that it does not depend on the time.

    Args:
        tabular: Levels with ``N`` states in all.
        channel: The channel of a condition, with ``M`` memories.
    """
    costly = replace(tabular, reward=tabular.reward - planner.STEP_COST)
    quality = _proposals(costly, channel)
    good = quality >= quality.max(axis=1, keepdims=True) - planner.STEP_COST / 4
    actions: NDArray[np.int64] = good.argmax(axis=1).T
    return actions


def _proposals(tabular: TabularLevels, channel: Channel) -> Floats:
    """Expected return of an episode from each memory, proposed action and state, ``(M, A, N)``."""
    n, m, n_actions = tabular.n_states, channel.n_memories, tabular.n_actions
    weights, executed, following = _branches(channel, n_actions)
    target = np.ascontiguousarray(tabular.next_state[:, executed].T).astype(np.int64)
    where = following[:, None] * (n + 1) + target
    reward = np.ascontiguousarray(tabular.reward[:, executed].T)
    # Values by (memory, state), so that a proposal's expectation is a product on the left.
    value = np.full((m, n + 1), tabular.timeout_reward)
    value[:, n] = 0.0  # the ended episode
    for _ in range(tabular.horizon):
        branches = weights @ (reward + value.reshape(-1)[where])
        proposals: Floats = branches.reshape(m, n_actions, n)
        best = proposals.max(axis=1)
        change = np.abs(best - value[:, :n]).max(initial=0.0)
        value[:, :n] = best
        # A backup never enlarges the largest change.
        if change <= SETTLED:
            break
    return proposals


def _branches(
    channel: Channel, n_actions: int
) -> tuple[sp.csr_array, NDArray[np.int64], NDArray[np.int64]]:
    """All distinct pairs of executed action and next memory, and their probabilities.

    Returns:
        Probabilities ``(M * A, branches)``, row ``memory * A + proposed``; the branches' executed
        actions and next memories.
    """
    m, k = channel.n_memories, len(channel.noise)
    memory, proposed, noise = (a.ravel() for a in np.indices((m, n_actions, k)))
    executed, following = channel.apply(memory, proposed, noise)
    codes, column = np.unique(executed * m + following, return_inverse=True)
    rows = memory * n_actions + proposed
    # Duplicate entries are summed.
    weights = sp.csr_array(
        (channel.noise[noise], (rows, column)), shape=(m * n_actions, len(codes))
    )
    weights.sum_duplicates()
    weights.eliminate_zeros()
    return weights, codes // m, codes % m
