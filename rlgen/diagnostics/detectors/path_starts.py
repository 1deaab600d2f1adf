"""Starts in the middle of the way, as a person who plays first would leave them (K-08)."""

from rlgen.diagnostics.detectors.base import Check, Material, Situation
from rlgen.perturbations.condition import Condition


class PathStarts(Check):
    """Episodes start at a uniformly drawn moment of the planner's way through the level.

    The "human starts" of the literature, with the planner for the human (A-34): what was
    collected up to there is gone and pays nothing, and the time limit starts anew.
    """

    number = "K-08"
    card = "start at a random moment of the planner's way"

    def situations(self, material: Material) -> list[Situation]:
        """See ``Check.situations``."""
        return [Situation(material.train, Condition.parse("plain"), on_path=True)]


MEMBER = PathStarts()
