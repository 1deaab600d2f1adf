"""Noise in what the policy sees, where that is amounts and not symbols."""

from rlgen.perturbations.base import Perturbation, Strength


class ObservationNoise(Perturbation):
    """Add independent Gaussian noise to each number of each observation, anew at each step.

    The world does not change, only what the policy sees of it. The unit of the strength is that of
    ``rlgen.evaluation.noise``. Check K-11 is its like for levels of symbols.
    """

    strength = Strength("standard deviation of the noise, in units of what is seen", 0.1, 0, 10)

    def noise(self, strength: float) -> float:
        """The strength itself."""
        return strength


MEMBER = ObservationNoise()
