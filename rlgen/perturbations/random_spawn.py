"""Random spawn."""

from rlgen.perturbations.base import Perturbation, Strength


class RandomSpawn(Perturbation):
    """Draw the start cell anew in each episode; all else in the level stays (K-05, A-26)."""

    strength = Strength("1 draws the start cell, 0 does not", 1, 0, 1, integer=True)
    regularises = True

    def spawns(self, strength: float) -> bool:
        """Whether the start cell is drawn."""
        return bool(strength)


MEMBER = RandomSpawn()
