"""Detectors that perturb the training levels: added stochasticity and related conditions."""

from rlgen.diagnostics.detectors.base import Detector, Material, Situation
from rlgen.levels.family import Family
from rlgen.perturbations.condition import Condition


class UnderCondition(Detector):
    """The training levels under a condition (K-01 to K-07, K-09, K-10).

    Args:
        number: Its number in the method.
        card: One line.
        condition: As written in a protocol.
    """

    def __init__(self, number: str, card: str, condition: str) -> None:
        self.number, self.card, self.condition = number, card, condition

    def situations(self, material: Material) -> list[Situation]:
        """See ``Detector.situations``."""
        return [Situation(material.train, Condition.parse(self.condition))]

    def why_not(self, family: Family) -> str | None:
        """See ``Detector.why_not``."""
        return Condition.parse(self.condition).why_not(family)
