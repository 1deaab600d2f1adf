"""Detectors: situations in which a policy is measured to find out whether it has overfitted.

A detector may use training levels only (method 3.1); held-out levels are the reference that the
detectors are compared with. A detector's reading is how much more the policy loses in the situation
than the planner does.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rlgen.levels.family import Family, Levels
from rlgen.perturbations.condition import Condition

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Material:
    """The levels that detectors are built from.

    Attributes:
        family: Of the levels.
        train: Levels that the agent was trained on, or some of them.
        held_out: Levels that it was not trained on; only the reference detector may use them.
        seed: Of everything that is drawn.
    """

    family: Family
    train: Levels
    held_out: Levels
    seed: int = 0


@dataclass(frozen=True)
class Situation:
    """A setting in which a policy is measured.

    Attributes:
        levels: The levels played.
        condition: The condition under which they are played.
        on_path: Whether episodes start at a random moment of the planner's path instead.
        noise: Probability with which each number of an observation is moved to the opposite end
            of its range before the policy receives it.
    """

    levels: Levels
    condition: Condition
    on_path: bool = False
    noise: float = 0.0


class Detector(ABC):
    """A way to detect overfitting.

    Attributes:
        number: Its number in the method, "K-05".
        card: One line.
        leaves: Whether it leaves the training levels, that is, shows the policy anything that
            cannot occur in the training levels themselves. A detector that does not cannot
            detect a full memoriser (method 3.4).
    """

    number: str
    card: str
    leaves: bool = False

    @abstractmethod
    def situations(self, material: Material) -> list[Situation]:
        """The situations to measure in; the reading is the mean over all of them.

        Raises:
            RlgenError: If the detector does not apply to the family's levels.
        """

    def why_not(self, family: Family) -> str | None:
        """Why the detector does not apply to the family's levels, or None if it does."""
        del family
        return None
