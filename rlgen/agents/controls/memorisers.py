"""Look-up tables of the planner's actions, complete or along its path (method 3.4, 3.5).

The full memoriser acts like the planner in every state of its training levels, and at random in all
others. No statistic of episodes that stay in those states can distinguish the two, although their
returns on held-out levels differ as much as possible: the no-free-detection proposition.
"""

import numpy as np
from numpy.typing import NDArray

from rlgen.agents.controls.base import Control, all_observations, batches
from rlgen.agents.controls.lookup import Table, keys
from rlgen.evaluation import planner
from rlgen.evaluation.planner import Plan
from rlgen.levels.family import Family, Levels
from rlgen.levels.tabular import TabularLevels
from rlgen.policies.base import Policy
from rlgen.policies.functions import FunctionPolicy


class Memoriser(Control):
    """Acts like the planner in the stored states, at random in all others.

    Args:
        radius: States within this many steps of the planner's path are stored; None stores all.
    """

    def __init__(self, radius: int | None) -> None:
        self.radius = radius

    def fit(self, family: Family, levels: Levels, seed: int) -> Policy:
        """See ``Control.fit``."""
        del seed
        table = Table(family.n_actions)
        for tabular in batches(family, levels):
            plan = planner.plan(tabular)
            kept = np.ones(tabular.n_states, np.bool_)
            if self.radius is not None:
                kept = near_the_way(tabular, plan, self.radius)
            names = keys(all_observations(tabular))[kept]
            table.store(names, plan.probabilities(tabular.n_actions)[kept])
        return FunctionPolicy(table.or_uniform, family.n_actions)


def near_the_way(tabular: TabularLevels, plan: Plan, radius: int) -> NDArray[np.bool_]:
    """Which states are within ``radius`` steps of the planner's path, bool ``(N,)``."""
    near = np.zeros(tabular.n_states + 1, np.bool_)  # the last stands for ended episodes
    for level, path in enumerate(plan.paths):
        state = int(tabular.start[level])
        for action in path:
            near[state] = True
            state = int(tabular.next_state[state, action])
    for _ in range(radius):
        near[np.unique(tabular.next_state[near[:-1]])] = True
    return near[:-1]


FULL = Memoriser(None)
R0, R1, R2, R4 = (Memoriser(radius) for radius in (0, 1, 2, 4))
