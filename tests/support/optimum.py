"""The best return that there is under a condition, to measure planners by."""

import numpy as np

from rlgen.evaluation import exact
from rlgen.evaluation.aware import _proposals


def optimal_returns(tabular, condition, noop):
    """The best expected return of each level under a condition.

    The agent sees the state, the channel's memory (for sticky actions the action before) and the
    time, and plans for what will happen; under random spawn it is told the start cell too, and
    the returns are averaged over start cells. Changes of the policy do not bind it: greedy and
    temperature leave a deterministic policy as it is.

    Args:
        tabular: ``L`` levels.
        condition: What is faced.
        noop: The family's action that does nothing, or None.

    Returns:
        ``(L,)``.
    """
    channel = condition.channel(tabular.n_actions, noop)
    n, m = tabular.n_states, channel.n_memories
    value = _proposals(tabular, channel).max(axis=1)
    starts = exact.start_distribution(tabular, condition, channel.start).reshape(n, m)
    weighted = (starts * value.T).sum(axis=1)
    return np.add.reduceat(weighted, tabular.offsets[:-1])
