"""Training levels with small edits: detectors that need no second pool (K-12 to K-14)."""

import numpy as np
from numpy.typing import NDArray

from rlgen.diagnostics.detectors.base import Detector, Material, Situation
from rlgen.errors import LevelError
from rlgen.evaluation import planner
from rlgen.levels.capabilities import Editable, Tabular, as_tabular
from rlgen.levels.family import Family, Levels
from rlgen.levels.tabular import TabularLevels
from rlgen.perturbations.condition import Condition
from rlgen.util.seeding import library_seed

#: Draws of an edit after which a level counts as having no edit of that kind.
TRIES = 60
#: Two returns are equal within this.
EQUAL = 1e-9


class Edited(Detector):
    """Each training level with one edit that preserves its best return.

    Args:
        number: Its number in the method.
        card: One line.
        edit: The family's name for the edit.
        irrelevant: Whether the edit must leave all of the planner's shortest paths open.
    """

    leaves = True

    def __init__(self, number: str, card: str, edit: str, *, irrelevant: bool = False) -> None:
        self.number, self.card = number, card
        self.edit, self.irrelevant = edit, irrelevant

    def why_not(self, family: Family) -> str | None:
        """See ``Detector.why_not``."""
        edits = family.edits if isinstance(family, Editable) else {}
        return None if self.edit in edits else f"{family.name} has no edit {self.edit!r}"

    def situations(self, material: Material) -> list[Situation]:
        """All variants if the edit has few, otherwise one drawn for each level."""
        family, levels = material.family, material.train
        if not isinstance(family, Editable) or self.edit not in family.edits:
            raise LevelError(f"detector {self.number}: {self.why_not(family)}")
        variants = family.edits[self.edit]
        if variants:
            batches = [family.edited(levels, self.edit, v) for v in range(variants)]
        else:
            batches = [self._drawn(family, as_tabular(family, "edits"), levels, material.seed)]
        return [Situation(batch, Condition.parse("plain")) for batch in batches]

    def _drawn(self, family: Editable, tabular: Tabular, levels: Levels, seed: int) -> Levels:
        """Each level with its first valid drawn edit; levels without a valid edit are left out."""
        required = self._preserved(tabular, levels)
        pending = np.arange(len(levels))
        done: list[Levels] = []
        order: list[int] = []
        first = library_seed(seed, "edit", self.edit) // TRIES
        for attempt in range(TRIES):
            tried = family.edited(levels.take(pending), self.edit, first + attempt)
            fit = (np.abs(self._preserved(tabular, tried) - required[pending]) <= EQUAL).all(axis=1)
            done.append(tried.take(np.flatnonzero(fit)))
            order += pending[fit].tolist()
            pending = pending[~fit]
            if not len(pending):
                break
        if not order:
            raise LevelError(f"detector {self.number}: no level has a valid edit {self.edit!r}")
        return done[0].joined(done[1:]).take(np.argsort(order))

    def _preserved(self, family: Tabular, levels: Levels) -> NDArray[np.float64]:
        """The quantities that the edit must preserve, ``(L, .)``."""
        tabular = family.tabular(levels)
        plan = planner.plan(tabular)
        if not self.irrelevant:
            return plan.returns[:, None]
        lengths = [len(path) for path in plan.paths]
        return np.column_stack([plan.returns, lengths, _path_counts(tabular, plan)])


def _path_counts(tabular: TabularLevels, plan: planner.Plan) -> NDArray[np.float64]:
    """The number of shortest best paths of each level, ``(L,)``."""
    at = np.zeros(tabular.n_states + 1)
    at[tabular.start] = 1.0
    state, action = np.nonzero(plan.optimal)
    target = tabular.next_state[state, action]
    level = np.repeat(np.arange(tabular.n_levels), np.diff(tabular.offsets))[state]
    arrived = np.zeros(tabular.n_levels)
    for _ in range(max(map(len, plan.paths), default=0)):
        going = at[state]
        over = target == tabular.n_states
        arrived += np.bincount(level[over], going[over], tabular.n_levels)
        at = np.bincount(target, going, tabular.n_states + 1).astype(np.float64)
        at[-1] = 0.0
    return arrived


WALL = Edited("K-12", "one more obstacle, off every best path", "wall", irrelevant=True)
SYMMETRY = Edited("K-13", "rotated and mirrored, in all seven ways", "symmetry")
MOVE = Edited("K-14", "one object moved elsewhere", "object_move")
SWAP = Edited("K-14", "a good and a bad object swapped", "object_swap")
