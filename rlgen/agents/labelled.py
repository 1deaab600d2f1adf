"""States of levels labelled with the planner's actions: what clones and supervised probes learn."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rlgen.agents.controls.base import batches
from rlgen.evaluation import planner
from rlgen.levels.capabilities import as_tabular
from rlgen.levels.family import Family, Levels
from rlgen.levels.tabular import TabularLevels


@dataclass(frozen=True)
class LabelledStates:
    """All ``N`` states of some levels with their labels.

    Attributes:
        tabular: The levels.
        optimal: Which actions lead to the best return in the fewest steps, bool ``(N, A)``.
        visits: Expected visits of the planner to each state in an episode from a random start
            cell, summed over the levels, float64 ``(N,)``.
    """

    tabular: TabularLevels
    optimal: NDArray[np.bool_]
    visits: NDArray[np.float64]

    @cached_property
    def goals(self) -> NDArray[np.float32]:
        """The labels: the uniform distribution on the optimal actions, ``(N, A)``."""
        goals: NDArray[np.float32] = self.optimal / self.optimal.sum(axis=1, keepdims=True)
        return goals.astype(np.float32)

    @cached_property
    def _cumulated(self) -> NDArray[np.float64]:
        shares: NDArray[np.float64] = self.visits.cumsum() / self.visits.sum()
        return shares

    def observe(self, states: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Observations of states by their numbers, ``(B, *observation shape)``."""
        return self.tabular.observe(states.astype(np.int32))

    def draw(self, rng: np.random.Generator, size: int) -> NDArray[np.int64]:
        """Numbers of states, half drawn uniformly and half as the planner visits them.

        Args:
            rng: Draws them.
            size: How many, even.
        """
        anywhere = rng.integers(self.tabular.n_states, size=size // 2)
        on_the_way = np.searchsorted(self._cumulated, rng.random(size // 2), side="right")
        return np.concatenate([anywhere, on_the_way])


def labelled(family: Family, levels: Levels) -> LabelledStates:
    """Label all states of levels by the planner.

    Args:
        family: A family whose levels are tabular.
        levels: At least one, with their flips.

    Raises:
        LevelError: If there are no levels, or their states cannot be listed.
    """
    # Planning is fast in chunks; in one large batch the states have the same order.
    parts = [_labels(tabular) for tabular in batches(family, levels)]
    optimal, visits = (np.concatenate(column) for column in zip(*parts, strict=True))
    return LabelledStates(as_tabular(family, "labels").tabular(levels), optimal, visits)


def _labels(tabular: TabularLevels) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Optimal actions ``(N, A)``, and the planner's expected visits from random starts ``(N,)``."""
    plan = planner.plan(tabular)
    per_level = np.diff(tabular.spawn_offsets)
    weights, state = np.repeat(1 / per_level, per_level), tabular.spawns.astype(np.int64)
    visits = np.zeros(tabular.n_states)
    for _ in range(tabular.horizon):
        np.add.at(visits, state, weights)
        state = tabular.next_state[state, plan.action[state]].astype(np.int64)
        going = state < tabular.n_states
        state, weights = state[going], weights[going]
    return plan.optimal, visits
