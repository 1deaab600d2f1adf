"""What is evaluated: observation batch -> action probabilities."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlgen.errors import ProtocolError

Observations = NDArray[Any]
Probabilities = NDArray[np.float64]


class Policy(ABC):
    """A policy over discrete actions.

    Attributes:
        memoryless: Whether the probabilities depend on the current observation alone. Only such
            a policy can be evaluated exactly.
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


class FunctionPolicy(MemorylessPolicy):
    """Any function from observations ``(B, ...)`` to probabilities ``(B, n_actions)``."""

    def __init__(self, function: Callable[[Observations], Any], n_actions: int) -> None:
        self._function = function
        self._n_actions = n_actions

    def probabilities(self, observations: Observations) -> Probabilities:
        """See ``MemorylessPolicy.probabilities``.

        Raises:
            ProtocolError: If what the function returns are no probabilities.
        """
        given = np.asarray(self._function(observations), dtype=np.float64)
        expected = (len(observations), self._n_actions)
        if given.shape != expected:
            raise ProtocolError(
                f"the policy returned an array of shape {given.shape} for observations of shape "
                f"{observations.shape}; probabilities must have shape {expected}"
            )
        if not (given >= 0).all() or not np.allclose(given.sum(axis=1), 1, atol=1e-4):
            raise ProtocolError(
                "the policy returned numbers that are no probabilities: each row must be "
                "non-negative and sum to one"
            )
        normed: Probabilities = given / given.sum(axis=1, keepdims=True)
        return normed
