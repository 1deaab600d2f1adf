"""Checks that perturb the training levels: the stochasticity of the paper and its relatives."""

from rlgen.diagnostics.detectors.base import Check, Material, Situation
from rlgen.levels.family import Family
from rlgen.perturbations.condition import Condition


class UnderCondition(Check):
    """The training levels under a condition (K-01 to K-07, K-09, K-10).

    Args:
        number: The method's.
        card: One line.
        condition: As in a protocol.
    """

    def __init__(self, number: str, card: str, condition: str) -> None:
        self.number, self.card, self.condition = number, card, condition

    def situations(self, material: Material) -> list[Situation]:
        """See ``Check.situations``."""
        return [Situation(material.train, Condition.parse(self.condition))]

    def why_not(self, family: Family) -> str | None:
        """See ``Check.why_not``."""
        return Condition.parse(self.condition).why_not(family)
