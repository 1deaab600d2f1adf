"""Tabular Q-learning (Watkins 1989) keyed by observation: a memoriser that learns by playing."""

import numpy as np
from numpy.typing import NDArray

from rlgen.agents.controls.base import Control, all_observations, batches
from rlgen.agents.controls.lookup import Table, keys
from rlgen.levels.family import Family, Levels
from rlgen.levels.tabular import TabularLevels
from rlgen.policies.base import Policy
from rlgen.policies.functions import FunctionPolicy
from rlgen.util.seeding import stream

Ints = NDArray[np.int64]


class QLearning(Control):
    """Q-learning by epsilon-greedy episodes; greedy in visited states, uniform elsewhere.

    The step size is 1, which is exact in deterministic levels, and lets many episodes write the
    same entry at once. Values are initialised optimistically, so that all actions are tried: from
    0 it solves half of the levels in the same time. The table does not depend on time, so the cut
    at the horizon is not an end: its reward is left out and the value bootstraps (Pardo et al.
    2018). The discount does not change which objects are worth taking.

    Args:
        steps: Number of steps of each stream of episodes.
        streams: Number of streams on each level.
        epsilon: Probability of a random action.
        discount: Discount of the values.
        optimism: Initial value.
    """

    def __init__(
        self,
        steps: int = 12_000,
        streams: int = 16,
        epsilon: float = 0.1,
        discount: float = 0.99,
        optimism: float = 1.0,
    ) -> None:
        self.steps, self.streams = steps, streams
        self.epsilon, self.discount, self.optimism = epsilon, discount, optimism

    def fit(self, family: Family, levels: Levels, seed: int) -> Policy:
        """See ``Control.fit``."""
        table = self.learn(family, levels, seed)
        return FunctionPolicy(table.or_uniform, family.n_actions)

    def learn(self, family: Family, levels: Levels, seed: int) -> Table:
        """The greedy action in each state that it visited; see ``Control.fit``."""
        table = Table(family.n_actions)
        for number, tabular in enumerate(batches(family, levels)):
            names = keys(all_observations(tabular))
            _, first, row = np.unique(names, return_index=True, return_inverse=True)
            values, tried = self._play(tabular, row, stream(seed, "q-learning", number))
            met = tried.any(axis=1)
            best = np.where(tried, values, -np.inf)[met].argmax(axis=1)
            table.store(names[first][met], np.eye(tabular.n_actions)[best])
        return table

    def _play(
        self, tabular: TabularLevels, row: Ints, rng: np.random.Generator
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Values, and which actions were ever tried, ``(rows, A)``; ``row`` maps states to rows."""
        n, n_actions = tabular.n_states, tabular.n_actions
        values = np.full((row.max() + 2, n_actions), self.optimism)
        values[-1] = 0.0  # ended episodes
        tried = np.zeros(values.shape, np.bool_)
        row = np.append(row, len(values) - 1)
        start = np.repeat(tabular.start.astype(np.int64), self.streams)
        state, age = start.copy(), np.zeros(len(start), np.int64)
        for _ in range(self.steps):
            here = row[state]
            action = values[here].argmax(axis=1)
            explore = rng.random(len(state)) < self.epsilon
            action[explore] = rng.integers(n_actions, size=int(explore.sum()))
            target = tabular.next_state[state, action].astype(np.int64)
            after = self.discount * values[row[target]].max(axis=1)
            values[here, action] = tabular.reward[state, action] + after
            tried[here, action] = True
            age += 1
            again = (target == n) | (age == tabular.horizon)
            state = np.where(again, start, target)
            age[again] = 0
        return values[:-1], tried[:-1]


MEMBER = QLearning()
