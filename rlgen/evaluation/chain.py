"""The Markov chain of one policy, behind one channel, on a batch of tabular levels."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import breadth_first_order

from rlgen.evaluation.outcome import Outcome
from rlgen.perturbations.base import Channel
from rlgen.tabular import TabularLevels

Floats = NDArray[np.float64]
Matrix = Any  # scipy's sparse arrays carry no usable static type


@dataclass(frozen=True)
class Chain:
    """States ``x = state * M + memory`` that can be reached from some start, and what they lead to.

    Attributes:
        states: Which ``x`` are kept, sorted, ``(X,)``.
        step: ``(X, X)``; probability of going on to each state.
        step_reward: ``(X, X)``; that probability times the reward, where there is one.
        reward: ``(X,)``; expected reward of a step, of ending steps too.
        reward_squared: ``(X,)``; expected squared reward.
        solves: ``(X,)``; probability that a step ends the episode with the level solved.
        level: ``(X,)``; the level of each state.
    """

    states: NDArray[np.int64]
    step: Matrix
    step_reward: Matrix
    reward: Floats
    reward_squared: Floats
    solves: Floats
    level: NDArray[np.int64]


def build(tabular: TabularLevels, probabilities: Floats, channel: Channel, starts: Floats) -> Chain:
    """The chain.

    Args:
        tabular: The levels.
        probabilities: Of each action in each state, ``(N, A)``.
        channel: Between proposed and executed action.
        starts: Probability of each ``x`` at the start, ``(N * M,)``; only what can follow a
            positive one is kept.
    """
    n, m, n_actions = tabular.n_states, channel.n_memories, tabular.n_actions
    weights, executed, memories, first = _moves(channel, n_actions)
    # One row of arrays a state, one column for each (memory, executed action, next memory).
    mass = probabilities @ weights
    reward = tabular.reward[:, executed]
    target = tabular.next_state[:, executed].astype(np.int64)
    ends = target == n
    per_memory = np.diff([*first, len(executed)])
    rows = np.repeat(np.arange(n * m), np.tile(per_memory, n))

    def expected(value: Floats) -> Floats:
        sums: Floats = np.add.reduceat(value, first, axis=1)
        return sums.reshape(-1)

    earned = mass * reward
    solves = expected(mass * tabular.success[:, executed])
    goes_on = ((mass > 0) & ~ends).reshape(-1)
    columns = (target * m + memories).reshape(-1)[goes_on]
    shape = (n * m, n * m)
    where = (rows[goes_on], columns)
    step = sp.csr_array((mass.reshape(-1)[goes_on], where), shape=shape)
    step_reward = sp.csr_array((earned.reshape(-1)[goes_on], where), shape=shape)
    step_reward.eliminate_zeros()
    kept = _reachable(step, np.flatnonzero(starts))
    of_level = np.repeat(np.arange(tabular.n_levels), np.diff(tabular.offsets) * m)
    return Chain(
        kept,
        step[kept][:, kept],
        step_reward[kept][:, kept],
        expected(earned)[kept],
        expected(earned * reward)[kept],
        solves[kept],
        of_level[kept],
    )


def _moves(
    channel: Channel, n_actions: int
) -> tuple[Floats, NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """All distinct (memory, executed action, next memory), and what makes each happen.

    Returns:
        Probability of each given the proposed action, ``(A, columns)``; the executed actions and
        next memories of the columns; and the first column of each memory.
    """
    m, k = channel.n_memories, len(channel.noise)
    memory, proposed, noise = (a.ravel() for a in np.indices((m, n_actions, k)))
    executed, following = channel.apply(memory, proposed, noise)
    probability = channel.noise[noise]
    code = (memory * n_actions + executed) * m + following
    codes, column = np.unique(code[probability > 0], return_inverse=True)
    weights = np.zeros((n_actions, len(codes)))
    np.add.at(weights, (proposed[probability > 0], column), probability[probability > 0])
    first = np.searchsorted(codes // (n_actions * m), np.arange(m))
    return weights, codes // m % n_actions, codes % m, first


def _reachable(step: Matrix, roots: NDArray[np.int64]) -> NDArray[np.int64]:
    """All states that can follow the roots, sorted, the roots included."""
    n = step.shape[0]
    # One more state that leads to all roots turns many searches into one.
    root_row = sp.csr_array((np.ones(len(roots)), (np.zeros(len(roots), int), roots)), (1, n + 1))
    padded = sp.csr_array((step.data, step.indices, step.indptr), shape=(n, n + 1))
    graph = sp.vstack([padded, root_row], format="csr")
    order = breadth_first_order(graph, n, return_predecessors=False)
    return np.sort(order[order < n]).astype(np.int64)


def expected_returns(chain: Chain, horizon: int, timeout_reward: float) -> Floats:
    """Expected return of an episode of ``horizon`` steps from each state, ``(X,)``."""
    value = np.full(len(chain.states), timeout_reward)
    for _ in range(horizon):
        value = chain.reward + chain.step @ value
    return value


def by_level(chain: Chain, values: Floats, n_levels: int) -> Floats:
    """Sums of ``values``, ``(X,)``, over the states of each level, ``(n_levels,)``."""
    return np.asarray(np.bincount(chain.level, values, n_levels), dtype=np.float64)


def moments(chain: Chain, horizon: int, timeout_reward: float) -> tuple[Floats, Floats]:
    """Expected return of ``horizon`` steps from each state, and expected squared return."""
    mean = np.full(len(chain.states), timeout_reward)
    square = np.full(len(chain.states), timeout_reward**2)
    for _ in range(horizon):
        square = chain.reward_squared + 2 * (chain.step_reward @ mean) + chain.step @ square
        mean = chain.reward + chain.step @ mean
    return mean, square


def forward(chain: Chain, start: Floats, horizon: int) -> tuple[Floats, Floats]:
    """Expected visits to each state in ``horizon`` steps, and who is where after them."""
    onward = chain.step.T.tocsr()
    visits, present = np.zeros_like(start), start
    for _ in range(horizon):
        visits += present
        present = onward @ present
    return visits, present


def outcomes(
    chain: Chain, starts: list[Floats], n_levels: int, horizon: int, timeout_reward: float
) -> list[Outcome]:
    """The outcome of each level for each start distribution.

    Backward in time the first two moments of the return, for all states at once; forward in time
    the distribution over states, which gives the expected number of visits to each and with it
    everything that is counted.

    Args:
        chain: The chain.
        starts: Start distributions over the chain's states, each ``(X,)``, summing to one within
            each level.
        n_levels: Number of levels.
        horizon: Steps of an episode.
        timeout_reward: Paid to episodes that have not ended by then.
    """
    mean, square = moments(chain, horizon, timeout_reward)
    results = []
    for start in starts:
        visits, present = forward(chain, start, horizon)
        ret_mean = by_level(chain, start * mean, n_levels)
        results.append(
            Outcome(
                ret_mean=ret_mean,
                # Rounding may leave a constant return a variance of about -1e-16.
                ret_var=np.maximum(by_level(chain, start * square, n_levels) - ret_mean**2, 0.0),
                p_solved=by_level(chain, visits * chain.solves, n_levels),
                p_timeout=by_level(chain, present, n_levels),
                len_mean=by_level(chain, visits, n_levels),
            )
        )
    return results
