"""The random agent: score 0 by definition."""

import numpy as np

from rlgen.agents.controls.base import Control
from rlgen.levels.family import Family, Levels
from rlgen.policies.base import Policy
from rlgen.policies.functions import FunctionPolicy


class Random(Control):
    """Uniformly random actions on all levels."""

    def fit(self, family: Family, levels: Levels, seed: int) -> Policy:
        """See ``Control.fit``."""
        del levels, seed
        n = family.n_actions
        return FunctionPolicy(lambda observations: np.full((len(observations), n), 1 / n), n)


MEMBER = Random()
