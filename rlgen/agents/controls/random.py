"""The random agent: score 0 by definition."""

from rlgen.agents.controls.base import Control
from rlgen.levels.family import Family, Levels
from rlgen.policies.base import Policy
from rlgen.policies.functions import uniform_policy


class Random(Control):
    """Uniformly random actions on all levels."""

    def fit(self, family: Family, levels: Levels, seed: int) -> Policy:
        """See ``Control.fit``."""
        del levels, seed
        return uniform_policy(family)


MEMBER = Random()
