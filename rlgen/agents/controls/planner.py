"""The planner as an agent: score 1 by definition on every level."""

from rlgen.agents.controls.base import Control, all_observations, batches
from rlgen.agents.controls.lookup import KnownOnly, keys
from rlgen.evaluation import planner
from rlgen.levels.family import Family, Levels


class PlannerPolicy(KnownOnly):
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
        super().__init__(family.n_actions)
        self._family = family

    def learn(self, levels: Levels) -> None:
        """Plan further levels.

        Raises:
            LevelError: If there are no levels, or their states cannot be listed.
        """
        for tabular in batches(self._family, levels):
            plan = planner.plan(tabular).probabilities(tabular.n_actions)
            self.store(keys(all_observations(tabular)), plan)


class Planner(Control):
    """The exact planner (``evaluation.planner``), which ignores perturbations."""

    def fit(self, family: Family, levels: Levels, seed: int) -> PlannerPolicy:
        """See ``Control.fit``; for further levels call the policy's ``learn``."""
        del seed
        policy = PlannerPolicy(family)
        policy.learn(levels)
        return policy


MEMBER = Planner()
