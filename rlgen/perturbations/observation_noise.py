"""Noise in continuous observations."""

from rlgen.perturbations.base import Perturbation, Strength


class ObservationNoise(Perturbation):
    """Add independent Gaussian noise to each entry of each observation, at each step.

    The environment does not change, only the observations that the policy receives. The unit of
    the strength is that of ``rlgen.evaluation.noise``. Check K-11 is the counterpart for symbolic
    observations.
    """

    strength = Strength("standard deviation of the noise, in units of observations", 0.1, 0, 10)

    def noise(self, strength: float) -> float:
        """The strength itself."""
        return strength


MEMBER = ObservationNoise()
