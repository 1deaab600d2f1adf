"""The planner as an agent: score 1 by definition on every level."""

from typing import Any

from rlgen.agents.controls.base import Control, all_observations, batches
from rlgen.agents.controls.lookup import Table, keys
from rlgen.evaluation import planner
from rlgen.levels.family import Family, Levels
from rlgen.policies.base import Observations, Policy, Probabilities


class PlannerPolicy(Policy):
    """Follows the plan of every level that it has planned.

    A policy receives observations, and the states and rewards of a level cannot be read off a
    picture. So the planner must plan levels before it plays them: ``policy.learn(test_levels)``.
    This is not training: any level is planned in the same way. An observation of another level
    raises ``LevelError``.

    Args:
        family: A family whose levels are tabular.
    """

    stochastic = False

    def __init__(self, family: Family) -> None:
        self._family, self._table = family, Table(family.n_actions)

    def learn(self, levels: Levels) -> None:
        """Plan further levels.

        Raises:
            LevelError: If there are no levels, or their states cannot be listed.
        """
        for tabular in batches(self._family, levels):
            plan = planner.plan(tabular).probabilities(tabular.n_actions)
            self._table.store(keys(all_observations(tabular)), plan)

    def distribution(self, observations: Observations, state: Any) -> tuple[Probabilities, Any]:
        """See ``Categorical.distribution``.

        Raises:
            LevelError: For an observation of a level that it has not planned.
        """
        return self._table.planned(observations), state


class Planner(Control):
    """The exact planner (``evaluation.planner``), which ignores perturbations."""

    def fit(self, family: Family, levels: Levels, seed: int) -> PlannerPolicy:
        """See ``Control.fit``; for further levels call the policy's ``learn``."""
        del seed
        policy = PlannerPolicy(family)
        policy.learn(levels)
        return policy


MEMBER = Planner()
