"""Exact evaluation of memoryless policies on tabular levels (method 0.1)."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from rlgen.errors import LevelError, PolicyError
from rlgen.evaluation import chain
from rlgen.evaluation.outcome import Outcome
from rlgen.levels.capabilities import Tabular, as_tabular
from rlgen.levels.family import Family, Levels
from rlgen.levels.tabular import TabularLevels
from rlgen.perturbations.condition import Condition
from rlgen.policies.base import Categorical, Policy, restricted

Floats = NDArray[np.float64]

#: States per batch: enough for fast array operations, few enough to stay in the cache.
CHUNK_STATES = 12_000


def chunks(family: Tabular, levels: Levels) -> Iterator[TabularLevels]:
    """The levels as tabular batches of about ``CHUNK_STATES`` states.

    Raises:
        LevelError: If a family of an older version answers None.
    """
    position = 0
    while position < len(levels):
        first = family.tabular(levels.take(slice(position, position + 1)))
        if not isinstance(first, TabularLevels):
            raise LevelError(
                f"{type(family).__name__}: its method tabular returned {type(first).__name__}: a "
                "family whose levels are not tabular has no such method"
            )
        count = max(1, CHUNK_STATES // first.n_states)
        yield family.tabular(levels.take(slice(position, position + count)))
        position += count


def evaluate(
    policy: Policy, family: Family, levels: Levels, conditions: Sequence[Condition]
) -> dict[str, Outcome]:
    """The exact outcome of a policy on each level under each condition.

    The policy is evaluated once in each state of a level, whatever the number of conditions.

    Args:
        policy: A memoryless policy that is ``Categorical``.
        family: A family whose levels are tabular.
        levels: ``L`` levels.
        conditions: The conditions.

    Returns:
        Outcomes by condition name.
    """
    parts: dict[str, list[Outcome]] = {condition.name: [] for condition in conditions}
    for tabular in chunks(as_tabular(family, "exact returns"), levels):
        probabilities = in_each_state(policy, tabular)
        for name, outcome in solve(tabular, probabilities, conditions, family.noop).items():
            parts[name].append(outcome)
    return {name: Outcome.joined(outcomes) for name, outcomes in parts.items()}


def in_each_state(policy: Policy, tabular: TabularLevels) -> Floats:
    """Action probabilities of a memoryless policy that is ``Categorical``, ``(N, A)``.

    Raises:
        PolicyError: If some are nan.
    """
    assert isinstance(policy, Categorical)
    states = np.arange(tabular.n_states, dtype=np.int32)
    probabilities, _ = policy.distribution(tabular.observe(states), None)
    if np.isnan(probabilities).any():
        raise PolicyError("the policy's action probabilities are nan")
    if policy.masked and tabular.valid is not None:
        probabilities = restricted(probabilities, tabular.valid)
    return probabilities


def solve(
    tabular: TabularLevels,
    probabilities: Floats,
    conditions: Sequence[Condition],
    noop: int | None,
    from_states: Floats | None = None,
) -> dict[str, Outcome]:
    """The exact outcome of action probabilities on one tabular batch.

    Args:
        tabular: ``L`` levels with ``N`` states in all.
        probabilities: Action probabilities in each state, ``(N, A)``.
        conditions: The conditions.
        noop: The family's action that does nothing, or None.
        from_states: Probabilities with which episodes start in each state, ``(N,)``, instead of
            the condition's starts; they sum to one within each level.

    Returns:
        Outcomes by condition name.
    """
    results: dict[str, Outcome] = {}
    chains: dict[str, list[Condition]] = {}
    for condition in conditions:
        # Conditions that differ only in their starts share a chain.
        chains.setdefault(condition.without_spawn.name, []).append(condition)
    for alike in chains.values():
        channel = alike[0].channel(tabular.n_actions, noop)
        acted = alike[0].policy(probabilities)
        begins = [
            start_distribution(tabular, condition, channel.start)
            if from_states is None
            else np.outer(from_states, channel.start).ravel()
            for condition in alike
        ]
        requested = np.any(begins, axis=0).reshape(-1, channel.n_memories)
        values = chain.values(tabular, acted, channel, tabular.horizon, requested)
        for condition, chances in zip(alike, begins, strict=True):
            start = np.zeros((len(chances), 3))
            start[:, 0] = chances
            results[condition.name] = chain.outcome(tabular, values, start)
    return results


def start_distribution(tabular: TabularLevels, condition: Condition, memory: Floats) -> Floats:
    """Probability of each (state, memory) at the start, ``(N * M,)``.

    Args:
        tabular: The levels.
        condition: Says whether start cells are drawn.
        memory: Probabilities of the channel's memories at the start, ``(M,)``.
    """
    start = np.zeros(tabular.n_states)
    if condition.random_spawn:
        counts = np.diff(tabular.spawn_offsets)
        start[tabular.spawns] = np.repeat(1 / counts, counts)
    else:
        start[tabular.start] = 1.0
    return np.outer(start, memory).ravel()
