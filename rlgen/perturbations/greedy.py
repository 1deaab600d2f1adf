"""Greedy actions."""

import numpy as np

from rlgen.perturbations.base import Floats, Perturbation, Strength


class Greedy(Perturbation):
    """Take the most probable action instead of sampling; the first of ties (A-25).

    The greedy action of a Gaussian policy is its mean; if actions are squashed, the squashed mean.
    """

    strength = Strength("1 is greedy, 0 samples", 1, 0, 1, integer=True)
    policy_only = True

    def policy(self, strength: float, probabilities: Floats) -> Floats:
        """All probability on the first most probable action."""
        if not strength:
            return probabilities
        best = probabilities.argmax(axis=1)
        certain: Floats = np.eye(probabilities.shape[1])[best]
        return certain

    def greedy(self, strength: float) -> bool:
        """Whether a continuous policy takes its greedy action."""
        return bool(strength)


MEMBER = Greedy()
