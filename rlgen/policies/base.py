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

    Example:
        >>> class Alternate(Policy):
        ...     memoryless = False
        ...     stochastic = False
        ...
        ...     def start(self, n):
        ...         return np.zeros(n, np.int64)
        ...
        ...     def act(self, observations, memory):
        ...         return np.eye(2)[memory], 1 - memory
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
    """A policy whose action probabilities depend on the current observation alone."""

    @abstractmethod
    def probabilities(self, observations: Observations) -> Probabilities:
        """float64 ``(B, A)`` with rows that sum to one."""

    def act(self, observations: Observations, memory: Any) -> tuple[Probabilities, Any]:
        """See ``Policy.act``."""
        return self.probabilities(observations), memory


class ContinuousPolicy(ABC):
    """A policy over a bounded box of actions.

    Its returns are estimated from rollouts, never computed.

    Attributes:
        memoryless: Whether actions depend on the current observation alone.
        stochastic: Whether actions are drawn, so that greedy actions differ from them.
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


#: Every policy that can be evaluated.
AnyPolicy = Policy | ContinuousPolicy


def kind(family: Family) -> str:
    """The kind of a family's actions: "discrete" or "continuous"."""
    return "discrete" if family.box is None else "continuous"


def why_not(policy: AnyPolicy, family: Family) -> str | None:
    """The reason why a policy's actions do not fit a family, or None if they do."""
    own = "continuous" if isinstance(policy, ContinuousPolicy) else "discrete"
    if own == kind(family):
        return None
    return f"its actions are {own}; those of {family.name} are {kind(family)}"
