"""What a check is: a situation in which a policy is measured to find out whether it has overfitted.

A detector may use training levels only (method 3.1); held-out levels are the reference that the
detectors are compared with. What a check reads is how much the policy loses in the situation, more
than the planner does there.
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
    """What checks are made of.

    Attributes:
        family: Of the levels.
        train: Levels that the agent was trained on, or some of them.
        held_out: Levels that it was not; only the reference detector may look at them.
        seed: Of everything that is drawn.
    """

    family: Family
    train: Levels
    held_out: Levels
    seed: int = 0


@dataclass(frozen=True)
class Situation:
    """Where a policy is measured.

    Attributes:
        levels: The levels played.
        condition: What is met in them.
        on_path: Whether episodes start at a random moment of the planner's way instead.
        noise: Probability with which each number of an observation is replaced by its opposite
            end of the range, before the policy sees it.
    """

    levels: Levels
    condition: Condition
    on_path: bool = False
    noise: float = 0.0


class Check(ABC):
    """A check.

    Attributes:
        number: The method's number of it, "K-05".
        card: One line.
        leaves: Whether it shows the policy anything that cannot be met in the training levels
            themselves. One that does not cannot detect a full memoriser (method 3.4).
    """

    number: str
    card: str
    leaves: bool = False

    @abstractmethod
    def situations(self, material: Material) -> list[Situation]:
        """Where to measure; the check's reading is the mean over all of them.

        Raises:
            RlgenError: If the family's levels cannot be checked so.
        """

    def why_not(self, family: Family) -> str | None:
        """Why the family's levels cannot be checked so, else None."""
        del family
        return None
