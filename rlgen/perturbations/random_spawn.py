"""Random spawn: a random start cell in each episode."""

from rlgen.perturbations.base import Perturbation, Strength


class RandomSpawn(Perturbation):
    """Draw the start cell in each episode; the rest of the level stays the same (K-05, A-26)."""

    strength = Strength("1 draws the start cell, 0 does not", 1, 0, 1, integer=True)
    regularises = True

    def spawns(self, strength: float) -> bool:
        """Whether the start cell is drawn."""
        return bool(strength)


MEMBER = RandomSpawn()
