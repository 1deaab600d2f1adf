"""Exact evaluation (method 0.1): a level is a finite process, so returns are computed."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from rlgen.evaluation import chain
from rlgen.evaluation.outcome import Outcome
from rlgen.levels.family import Family, Levels
from rlgen.levels.tabular import TabularLevels
from rlgen.perturbations.condition import Condition
from rlgen.policies.base import MemorylessPolicy

Floats = NDArray[np.float64]

#: States handled together: enough to make array operations pay, few enough to stay in the cache.
CHUNK_STATES = 12_000


def chunks(family: Family, levels: Levels) -> Iterator[TabularLevels]:
    """The levels as tabular batches of about ``CHUNK_STATES`` states."""
    position = 0
    while position < len(levels):
        first = family.tabular(levels.take(slice(position, position + 1)))
        assert first is not None, "checked by the caller"
        count = max(1, CHUNK_STATES // first.n_states)
        tabular = family.tabular(levels.take(slice(position, position + count)))
        assert tabular is not None, "checked by the caller"
        yield tabular
        position += count


def evaluate(
    policy: MemorylessPolicy, family: Family, levels: Levels, conditions: Sequence[Condition]
) -> dict[str, Outcome]:
    """The exact outcome of a policy on each level under each condition.

    The policy is asked once for each state of a level, whatever the number of conditions.

    Args:
        policy: A memoryless policy.
        family: A family whose levels are tabular.
        levels: ``L`` levels.
        conditions: What the policy faces.

    Returns:
        By condition name.
    """
    parts: dict[str, list[Outcome]] = {condition.name: [] for condition in conditions}
    for tabular in chunks(family, levels):
        states = np.arange(tabular.n_states, dtype=np.int32)
        probabilities = policy.probabilities(tabular.observe(states))
        for name, outcome in solve(tabular, probabilities, conditions, family.noop).items():
            parts[name].append(outcome)
    return {name: Outcome.joined(outcomes) for name, outcomes in parts.items()}


def solve(
    tabular: TabularLevels,
    probabilities: Floats,
    conditions: Sequence[Condition],
    noop: int | None,
    from_states: Floats | None = None,
) -> dict[str, Outcome]:
    """The same for one tabular batch and given action probabilities.

    Args:
        tabular: ``L`` levels.
        probabilities: Of actions, ``(N, A)``.
        conditions: What the policy faces.
        noop: The family's.
        from_states: Probabilities with which episodes start in each state, ``(N,)``, instead of
            where the condition says; they sum to one within each level.
    """
    results: dict[str, Outcome] = {}
    chains: dict[str, list[Condition]] = {}
    for condition in conditions:
        # Those that differ only in where episodes start share a chain.
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
        asked = np.any(begins, axis=0).reshape(-1, channel.n_memories)
        values = chain.values(tabular, acted, channel, tabular.horizon, asked)
        for condition, chances in zip(alike, begins, strict=True):
            start = np.zeros((len(chances), 3))
            start[:, 0] = chances
            results[condition.name] = chain.outcome(tabular, values, start)
    return results


def start_distribution(tabular: TabularLevels, condition: Condition, memory: Floats) -> Floats:
    """Probability of each (state, memory) at the start, summing to one within each level."""
    start = np.zeros(tabular.n_states)
    if condition.random_spawn:
        counts = np.diff(tabular.spawn_offsets)
        start[tabular.spawns] = np.repeat(1 / counts, counts)
    else:
        start[tabular.start] = 1.0
    return np.outer(start, memory).ravel()
