"""Noise in the observations (K-11)."""

from rlgen.diagnostics.detectors.base import Detector, Material, Situation
from rlgen.perturbations.condition import Condition


class ObservationNoise(Detector):
    """Each number of an observation is moved to the other end of its range with a probability.

    Args:
        probability: For each number, independently at each step.
    """

    number = "K-11"
    leaves = True

    def __init__(self, probability: float) -> None:
        self.probability = probability
        self.card = f"each number of the observation is wrong with probability {probability:g}"

    def situations(self, material: Material) -> list[Situation]:
        """See ``Detector.situations``."""
        return [Situation(material.train, Condition.parse("plain"), noise=self.probability)]


WEAK, STRONG = ObservationNoise(0.005), ObservationNoise(0.02)
