"""Temperature: flatter or sharper action probabilities."""

from rlgen.perturbations.base import Floats, Perturbation, Strength


class Temperature(Perturbation):
    """Sample from the probabilities to the power 1/T, renormalised (K-01: T = 2)."""

    strength = Strength("temperature T", 2, 0.05, 100, identity=1)
    policy_only = True

    def policy(self, strength: float, probabilities: Floats) -> Floats:
        """``p ** (1 / T)``, normalised."""
        if strength == 1:
            return probabilities
        # Relative to the largest, so that the power does not underflow everywhere at once.
        powered = (probabilities / probabilities.max(axis=1, keepdims=True)) ** (1 / strength)
        flattened: Floats = powered / powered.sum(axis=1, keepdims=True)
        return flattened


MEMBER = Temperature()
