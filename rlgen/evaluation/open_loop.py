"""Exact evaluation of scripts of actions, forward in time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rlgen.evaluation import chain, exact
from rlgen.evaluation.outcome import Outcome
from rlgen.levels.capabilities import as_tabular
from rlgen.levels.family import Family, Levels
from rlgen.levels.tabular import TabularLevels
from rlgen.perturbations.base import Channel
from rlgen.perturbations.condition import Condition
from rlgen.policies.open_loop import OpenLoopPolicy

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def evaluate(
    policy: OpenLoopPolicy, family: Family, levels: Levels, conditions: Sequence[Condition]
) -> dict[str, Outcome]:
    """The exact outcome of scripts on each level under each condition.

    The policy's clock starts with the episode: no-op starts, delays and held frames use up steps
    of the script, as they do in rollouts.

    Args:
        policy: The scripts.
        family: A family whose levels are tabular.
        levels: ``L`` levels.
        conditions: The conditions; none with random spawn, where a level's start, and so its
            script, is random.

    Returns:
        Outcomes by condition name.
    """
    if not conditions:
        return {}
    parts: dict[str, list[Outcome]] = {condition.name: [] for condition in conditions}
    for tabular in exact.chunks(as_tabular(family, "exact returns"), levels):
        script = policy.choose(tabular.observe(tabular.start))
        for condition in conditions:
            outcome = solve(tabular, policy, script, condition, family.noop)
            parts[condition.name].append(outcome)
    return {name: Outcome.joined(outcomes) for name, outcomes in parts.items()}


def solve(
    tabular: TabularLevels,
    policy: OpenLoopPolicy,
    script: Ints,
    condition: Condition,
    noop: int | None,
) -> Outcome:
    """The exact outcome of scripts on one tabular batch.

    For all levels at once, each state that can be occupied at a time has its probability and the
    first two moments of the return so far. Few states can be occupied, so that forward recursion is
    cheaper than backward. After the end of the longest script the policy no longer depends on time,
    and ``chain`` computes the rest.

    Args:
        tabular: ``L`` levels.
        policy: The scripts.
        script: Index of the script of each level, ``(L,)``.
        condition: The condition.
        noop: The family's action that does nothing, or None.
    """
    channel = condition.channel(tabular.n_actions, noop)
    m, n_levels = channel.n_memories, tabular.n_levels
    outcomes = _outcomes(channel, tabular.n_actions)
    of_state = np.repeat(np.arange(n_levels), np.diff(tabular.offsets))
    totals = np.zeros((5, n_levels))  # return, its square, solved, timeout, length

    def add(row: int, level: Ints, amounts: Floats) -> None:
        totals[row] += np.bincount(level, amounts, n_levels)

    starts = exact.start_distribution(tabular, condition, channel.start)
    present = np.flatnonzero(starts)
    # Rows: probability, and return and squared return times probability.
    moments = np.stack([starts[present], np.zeros(len(present)), np.zeros(len(present))])
    scripted = min(policy.longest, tabular.horizon)
    for time in range(scripted):
        state, memory = np.divmod(present, m)
        acted = condition.policy(policy.at(script, time))[of_state[state]]
        add(4, of_state[state], moments[0])
        # Pairs of state and proposed action, then each with all outcomes of the channel.
        who, action = np.nonzero(acted)
        proposals = memory[who] * tabular.n_actions + action
        row, probability, executed, following = outcomes.of(proposals)
        who, action = who[row], action[row]
        state = state[who]
        reward = tabular.reward[state, executed]
        target = tabular.next_state[state, executed].astype(np.int64)
        moved = _earn(moments[:, who] * (acted[who, action] * probability), reward)
        level, ended = of_state[state], target == tabular.n_states
        add(0, level[ended], moved[1, ended])
        add(1, level[ended], moved[2, ended])
        add(2, level, moved[0] * tabular.success[state, executed])
        places = (target * m + following)[~ended]
        present, moments = _gathered(places, moved[:, ~ended], tabular.n_states * m)
    after = condition.policy(policy.at(script, scripted))[of_state]
    rest = np.zeros((tabular.n_states * m, 3))
    rest[present] = moments.T
    left = tabular.horizon - scripted
    values = chain.values(tabular, after, channel, left, rest[:, 0].reshape(-1, m) > 0)
    return chain.outcome(tabular, values, rest, totals)


@dataclass(frozen=True)
class _Outcomes:
    """The outcomes of a channel for each ``memory * A + proposed``, as concatenated lists."""

    first: Ints
    count: Ints
    probability: Floats
    executed: Ints
    following: Ints

    def of(self, proposal: Ints) -> tuple[Ints, Floats, Ints, Ints]:
        """All outcomes of some proposals: index of the proposal, probability, action, memory."""
        count = self.count[proposal]
        row = np.repeat(np.arange(len(proposal)), count)
        place = np.arange(len(row)) - np.repeat(count.cumsum() - count, count)
        place += self.first[proposal][row]
        return row, self.probability[place], self.executed[place], self.following[place]


def _outcomes(channel: Channel, n_actions: int) -> _Outcomes:
    m = channel.n_memories
    places = np.indices((m, n_actions, len(channel.noise))).reshape(3, -1)
    memory, proposed, noise = places[:, channel.noise[places[2]] > 0]
    executed, following = channel.apply(memory, proposed, noise)
    code = ((memory * n_actions + proposed) * n_actions + executed) * m + following
    codes, which = np.unique(code, return_inverse=True)
    probability = np.bincount(which, channel.noise[noise]).astype(np.float64)
    count = np.bincount(codes // (n_actions * m), minlength=m * n_actions)
    return _Outcomes(count.cumsum() - count, count, probability, codes // m % n_actions, codes % m)


def _gathered(places: Ints, moments: Floats, size: int) -> tuple[Ints, Floats]:
    """The distinct places, sorted, and the sums of moments in each."""
    if len(places) < size // 32:  # sorting a few is cheaper than a pass over all
        occur, index = np.unique(places, return_inverse=True)
        return occur, _sums(index, moments, len(occur))
    sums = _sums(places, moments, size)
    occur = np.flatnonzero(sums[0])
    return occur, sums[:, occur]


def _sums(index: Ints, moments: Floats, size: int) -> Floats:
    sums: Floats = np.stack([np.bincount(index, row, size) for row in moments])
    return sums


def _earn(moments: Floats, reward: Floats) -> Floats:
    """The moments, ``(3, B)``, after a reward, ``(B,)``."""
    p, first, second = moments
    return np.stack([p, first + reward * p, second + 2 * reward * first + reward**2 * p])
