"""The planner as an agent: score 1 by definition, on every level, seen in training or not."""

from rlgen.agents.controls.base import Control, all_observations, batches
from rlgen.agents.controls.lookup import KnownOnly, keys
from rlgen.evaluation import planner
from rlgen.levels.family import Family, Levels


class PlannerPolicy(KnownOnly):
    """The plan of a level, as soon as it has been shown the level.

    A policy sees observations, and the machinery does not know how to read a level's states and
    rewards off a picture. So the planner is told beforehand which levels it will be asked about:
    ``policy.learn(test_levels)``. That is no training; it would plan the same way for any level.
    An observation of another level raises ``LevelError``.

    Args:
        family: A family whose levels are tabular.
    """

    stochastic = False

    def __init__(self, family: Family) -> None:
        super().__init__(family.n_actions)
        self._family = family

    def learn(self, levels: Levels) -> None:
        """Plan these levels too.

        Raises:
            LevelError: If there are no levels, or their states cannot be listed.
        """
        for tabular in batches(self._family, levels):
            plan = planner.plan(tabular).probabilities(tabular.n_actions)
            self.store(keys(all_observations(tabular)), plan)


class Planner(Control):
    """The exact planner (``evaluation.planner``), which does not know of perturbations."""

    def fit(self, family: Family, levels: Levels, seed: int) -> PlannerPolicy:
        """See ``Control.fit``; for further levels call the policy's ``learn``."""
        del seed
        policy = PlannerPolicy(family)
        policy.learn(levels)
        return policy


MEMBER = Planner()
