"""Open-loop replay of the planner: the positive control, which every good detector must catch."""

import numpy as np

from rlgen.agents.controls.base import Control, batches
from rlgen.errors import LevelError
from rlgen.evaluation import planner
from rlgen.levels.family import Family, Levels
from rlgen.policies.open_loop import OpenLoopPolicy


class OpenLoop(Control):
    """Replays the planner's actions on each level, then stays.

    That it stays, rather than moves at random or repeats, reproduces the method's calibration
    (README of this folder). Other levels get the actions of a random training level.
    """

    def fit(self, family: Family, levels: Levels, seed: int) -> OpenLoopPolicy:
        """See ``Control.fit``.

        Raises:
            LevelError: Also if the family has no action that does nothing.
        """
        if family.noop is None:
            raise LevelError(
                f"open-loop stays after its script, and {family.name} has no action that does"
            )
        first, scripts = [], []
        for tabular in batches(family, levels):
            first.append(tabular.observe(tabular.start))
            scripts += planner.plan(tabular).paths
        n_actions = family.n_actions
        return OpenLoopPolicy(
            np.concatenate(first), scripts, n_actions, after=family.noop, seed=seed
        )


MEMBER = OpenLoop()
