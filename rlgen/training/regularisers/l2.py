"""L2 regularisation."""

from collections.abc import Mapping
from typing import Any

from rlgen.agents import agent_named
from rlgen.levels.family import Family
from rlgen.perturbations.base import Strength
from rlgen.training.regularisers.base import Regulariser


class L2(Regulariser):
    """Decay of the weights of trunk and heads; biases do not decay.

    Torch's ``weight_decay``: half the coefficient times the sum of squared weights, as a part of
    the loss whose gradient the optimiser scales but no clipping of gradients reaches. The default
    is that of Cobbe et al. 2019 (https://arxiv.org/abs/1812.02341).
    """

    strength = Strength("coefficient of the decay", 1e-4, 0, 1)

    def why_not(self, strength: float, agent: str, network: str, family: Family) -> str | None:
        """It needs an optimiser that moves the policy's weights."""
        del strength, network, family
        if agent_named(agent)[0].moves in ("descent", "critic"):
            return None
        return f"l2 needs an optimiser that moves the policy's weights, and {agent} has none"

    def settings(self, strength: float, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Add ``weight_decay``."""
        return {**settings, "weight_decay": strength}


MEMBER = L2()
