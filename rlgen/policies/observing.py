"""Policies whose observations are changed before they receive them."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from rlgen.policies.base import Actions, Categorical, Observations, Policy, Probabilities

if TYPE_CHECKING:
    from torch import nn


class ObservingPolicy(Policy):
    """A policy that receives changed observations; it is ``Categorical`` if the policy is.

    Args:
        policy: The policy that receives them.
        change: From observations ``(B, ...)`` to what it receives.
        draws: Whether the change draws random numbers: what it does then depends on more than the
            current observation.
        module: Makes the change as a torch module, so that the policy's network can be looked into
            if it could be before.
    """

    def __init__(
        self,
        policy: Policy,
        change: Callable[[Observations], Observations],
        *,
        draws: bool = False,
        module: "Callable[[], nn.Module] | None" = None,
    ) -> None:
        self._policy, self._change, self._draws = policy, change, draws
        self.stochastic, self.masked = policy.stochastic, policy.masked
        if isinstance(policy, Categorical):
            # Only then: isinstance looks for the method.
            self.distribution = self._distribution
        if module is not None:
            from rlgen.policies.layered import Differentiable  # imports torch

            if isinstance(policy, Differentiable):
                self.layered = lambda: policy.layered().after(module())

    @property
    def memoryless(self) -> bool:
        """See ``Policy.memoryless``."""
        return self._policy.memoryless and not self._draws

    def start(self, n: int) -> Any:
        """See ``Policy.start``."""
        return self._policy.start(n)

    def act(
        self, observations: Observations, state: Any, rng: np.random.Generator | None
    ) -> tuple[Actions, Any]:
        """See ``Policy.act``."""
        return self._policy.act(self._change(observations), state, rng)

    def _distribution(self, observations: Observations, state: Any) -> tuple[Probabilities, Any]:
        assert isinstance(self._policy, Categorical)
        return self._policy.distribution(self._change(observations), state)
