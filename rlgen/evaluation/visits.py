"""Where a policy is expected to be: the chain of ``exact``, run forward.

Nothing is sampled: of every state the expected number of steps that begin in it, and at chosen
steps the probability of being there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rlgen.evaluation import chain
from rlgen.evaluation.exact import start_distribution
from rlgen.levels.tabular import TabularLevels
from rlgen.perturbations.condition import Condition
from rlgen.util.jit import compiled

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Visits:
    """Where a policy is on ``L`` levels with ``N`` states in all.

    Attributes:
        expected: Expected number of steps that begin in each state, ``(N,)``; within a level they
            sum to the expected number of steps.
        present: Probability that the episode goes on and is in the state, before each of the
            ``K`` chosen steps, ``(K, N)``.
        acted: The policy's action probabilities under the condition, ``(N, A)``.
    """

    expected: Floats
    present: Floats
    acted: Floats


def visits(
    tabular: TabularLevels,
    probabilities: Floats,
    condition: Condition,
    noop: int | None,
    times: Sequence[int],
) -> Visits:
    """Expected visits of each state.

    Args:
        tabular: ``L`` levels with ``N`` states in all.
        probabilities: Action probabilities in each state, ``(N, A)``.
        condition: Under which the policy acts.
        noop: The family's action that does nothing, or None.
        times: Steps, ascending, from 0 to the horizon, at which to say where it is.
    """
    channel = condition.channel(tabular.n_actions, noop)
    acted = condition.policy(probabilities)
    terms = chain.moves(channel, tabular.n_actions)
    start = start_distribution(tabular, condition, channel.start)
    expected = np.zeros(tabular.n_states)
    present = np.zeros((len(times), tabular.n_states))
    _forward(
        tabular.offsets.astype(np.int64),
        tabular.next_state.astype(np.int32),
        np.ascontiguousarray(acted @ terms.proposals),
        *(terms.column, terms.executed, terms.following, terms.first),
        start.reshape(tabular.n_states, -1),
        tabular.horizon,
        np.asarray(times, np.int64),
        expected,
        present,
    )
    return Visits(expected, present, acted)


@compiled(
    "void(i8[::1], i4[:,::1], f8[:,::1], i8[::1], i8[::1], i8[::1], i8[::1], f8[:,::1], i8,"
    " i8[::1], f8[::1], f8[:,::1])"
)
def _forward(  # type: ignore[no-untyped-def]  # its types are the signature's
    offsets, next_state, share, column, executed, following, first, start, steps,
    times, expected, present,
):  # fmt: skip
    end, m = start.shape
    most = (offsets[1:] - offsets[:-1]).max()
    now, later = np.zeros((most, m)), np.zeros((most, m))
    for level in range(len(offsets) - 1):
        base, n = offsets[level], offsets[level + 1] - offsets[level]
        now[:n] = start[base : base + n]
        reached = 0
        for step in range(steps + 1):
            while reached < len(times) and times[reached] == step:
                for s in range(n):
                    present[reached, base + s] = now[s].sum()
                reached += 1
            if step == steps:
                break
            later[:n] = 0.0
            for s in range(n):
                for j in range(m):
                    mass = now[s, j]
                    if mass == 0.0:
                        continue
                    expected[base + s] += mass
                    for owner in (0, j + 1):
                        for k in range(first[owner], first[owner + 1]):
                            t = next_state[base + s, executed[k]]
                            if t != end:
                                later[t - base, following[k]] += mass * share[base + s, column[k]]
            now, later = later, now
