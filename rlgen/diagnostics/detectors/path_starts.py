"""Starts partway along the planner's path, as human starts are (K-08)."""

from rlgen.diagnostics.detectors.base import Detector, Material, Situation
from rlgen.perturbations.condition import Condition


class PathStarts(Detector):
    """Episodes start at a uniformly drawn moment of the planner's path through the level.

    The "human starts" of the literature, with the planner in place of the human (A-34): objects
    collected before the start are gone and pay nothing, and the time limit starts from there.
    """

    number = "K-08"
    card = "start at a random moment of the planner's path"

    def situations(self, material: Material) -> list[Situation]:
        """See ``Detector.situations``."""
        return [Situation(material.train, Condition.parse("plain"), on_path=True)]


MEMBER = PathStarts()
