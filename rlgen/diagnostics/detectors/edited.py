"""Training levels changed a little: checks that need no second pool (K-12 to K-14)."""

import numpy as np
from numpy.typing import NDArray

from rlgen.diagnostics.detectors.base import Check, Material, Situation
from rlgen.errors import LevelError
from rlgen.evaluation import planner
from rlgen.levels.family import Family, Levels
from rlgen.levels.tabular import TabularLevels
from rlgen.perturbations.condition import Condition
from rlgen.util.seeding import library_seed

#: Draws of an edit after which a level counts as one that has none of the kind.
TRIES = 60
#: Two returns are equal within this.
EQUAL = 1e-9


class Edited(Check):
    """Each training level with one edit that leaves its best return as it is.

    Args:
        number: The method's.
        card: One line.
        edit: The family's name of it.
        irrelevant: Whether the edit must leave every one of the planner's shortest ways open.
    """

    leaves = True

    def __init__(self, number: str, card: str, edit: str, *, irrelevant: bool = False) -> None:
        self.number, self.card = number, card
        self.edit, self.irrelevant = edit, irrelevant

    def why_not(self, family: Family) -> str | None:
        """See ``Check.why_not``."""
        return None if self.edit in family.edits else f"{family.name} has no edit {self.edit!r}"

    def situations(self, material: Material) -> list[Situation]:
        """All variants of an edit that has few, else one drawn for each level."""
        family, levels = material.family, material.train
        variants = family.edits.get(self.edit)
        if variants is None:
            raise LevelError(f"check {self.number}: {self.why_not(family)}")
        if variants:
            batches = [family.edited(levels, self.edit, v) for v in range(variants)]
        else:
            batches = [self._drawn(family, levels, material.seed)]
        return [Situation(batch, Condition.parse("plain")) for batch in batches]

    def _drawn(self, family: Family, levels: Levels, seed: int) -> Levels:
        """Each level with the first drawn edit that is fit; levels that have none are left out."""
        wanted = self._facts(family, levels)
        pending = np.arange(len(levels))
        done: list[Levels] = []
        order: list[int] = []
        first = library_seed(seed, "edit", self.edit) // TRIES
        for attempt in range(TRIES):
            tried = family.edited(levels.take(pending), self.edit, first + attempt)
            fit = (np.abs(self._facts(family, tried) - wanted[pending]) <= EQUAL).all(axis=1)
            done.append(tried.take(np.flatnonzero(fit)))
            order += pending[fit].tolist()
            pending = pending[~fit]
            if not len(pending):
                break
        if not order:
            raise LevelError(f"check {self.number}: no level has a fitting edit {self.edit!r}")
        return done[0].joined(done[1:]).take(np.argsort(order))

    def _facts(self, family: Family, levels: Levels) -> NDArray[np.float64]:
        """What the edit must leave as it is, ``(L, .)``."""
        tabular = family.tabular(levels)
        if tabular is None:
            raise LevelError(f"check {self.number} needs levels that a planner can solve")
        plan = planner.plan(tabular)
        if not self.irrelevant:
            return plan.returns[:, None]
        lengths = [len(path) for path in plan.paths]
        return np.column_stack([plan.returns, lengths, _ways(tabular, plan)])


def _ways(tabular: TabularLevels, plan: planner.Plan) -> NDArray[np.float64]:
    """How many shortest best ways each level has, ``(L,)``."""
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


WALL = Edited("K-12", "an obstacle more, off every best way", "wall", irrelevant=True)
SYMMETRY = Edited("K-13", "turned and mirrored, in all seven ways", "symmetry")
MOVE = Edited("K-14", "one object elsewhere", "object_move")
SWAP = Edited("K-14", "a good and a bad object change places", "object_swap")
