"""Policies: from batches of observations to action probabilities, or to continuous actions."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlgen.levels.family import Family

Observations = NDArray[Any]
Probabilities = NDArray[np.float64]
Actions = NDArray[np.float32]


class Policy(ABC):
    """A policy over discrete actions.

    Attributes:
        memoryless: Whether the probabilities depend on the current observation alone. Such a
            policy can be evaluated exactly; of others only ``OpenLoopPolicy`` can.
        stochastic: Whether it ever gives more than one action a positive probability.
    """

    memoryless: bool = True
    stochastic: bool = True

    def start(self, n: int) -> Any:
        """The memory of ``n`` fresh episodes; None for a memoryless policy."""
        del n
        return None

    @abstractmethod
    def act(self, observations: Observations, memory: Any) -> tuple[Probabilities, Any]:
        """One step of ``B`` episodes.

        Args:
            observations: ``(B, *observation shape)``.
            memory: What ``start`` or the previous call returned.

        Returns:
            float64 ``(B, A)`` with rows that sum to one, and the new memory.
        """


class MemorylessPolicy(Policy):
    """A policy given by its probabilities at an observation."""

    @abstractmethod
    def probabilities(self, observations: Observations) -> Probabilities:
        """float64 ``(B, A)`` with rows that sum to one."""

    def act(self, observations: Observations, memory: Any) -> tuple[Probabilities, Any]:
        """See ``Policy.act``."""
        return self.probabilities(observations), memory


class ContinuousPolicy(ABC):
    """A policy over a bounded box of actions; its returns are played, never computed.

    Attributes:
        memoryless: Whether actions depend on the current observation alone.
        stochastic: Whether actions are drawn, so that the greedy ones are others.
    """

    memoryless: bool = True
    stochastic: bool = True

    def start(self, n: int) -> Any:
        """The memory of ``n`` fresh episodes; None for a memoryless policy."""
        del n
        return None

    @abstractmethod
    def act(
        self, observations: Observations, memory: Any, rng: np.random.Generator | None
    ) -> tuple[Actions, Any]:
        """One step of ``B`` episodes.

        Args:
            observations: ``(B, *observation shape)``.
            memory: What ``start`` or the previous call returned.
            rng: Draws the actions; None asks for the greedy ones.

        Returns:
            float32 ``(B, *action shape)``, within the box, and the new memory.
        """


#: What the evaluation plays.
AnyPolicy = Policy | ContinuousPolicy


def kind(family: Family) -> str:
    """Of a family's actions: "discrete", or "continuous" where they are vectors of numbers."""
    return "discrete" if family.box is None else "continuous"


def why_not(policy: AnyPolicy, family: Family) -> str | None:
    """Why a policy's actions cannot be played in a family, else None."""
    own = "continuous" if isinstance(policy, ContinuousPolicy) else "discrete"
    if own == kind(family):
        return None
    return f"its actions are {own}; those of {family.name} are {kind(family)}"
