"""The reference detector: held-out levels (K-15)."""

from rlgen.diagnostics.detectors.base import Detector, Material, Situation
from rlgen.errors import LevelError
from rlgen.perturbations.condition import Condition
from rlgen.util.words import counted


class HeldOut(Detector):
    """Some held-out levels.

    Args:
        count: Number of levels.
    """

    number = "K-15"
    leaves = True

    def __init__(self, count: int) -> None:
        self.count = count
        self.card = counted(count, "held-out level")

    def situations(self, material: Material) -> list[Situation]:
        """See ``Detector.situations``."""
        if len(material.held_out) < self.count:
            raise LevelError(
                f"detector {self.number} needs {counted(self.count, 'held-out level')}, and "
                f"there are {len(material.held_out)}"
            )
        levels = material.held_out.take(slice(0, self.count))
        return [Situation(levels, Condition.parse("plain"))]


FEW, SOME, MANY = HeldOut(10), HeldOut(50), HeldOut(200)
