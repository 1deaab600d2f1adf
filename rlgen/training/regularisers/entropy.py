"""Entropy regularisation."""

from collections.abc import Mapping
from typing import Any

from rlgen.agents import agent_named
from rlgen.levels.family import Family
from rlgen.perturbations.base import Strength
from rlgen.training.regularisers.base import Regulariser


class Entropy(Regulariser):
    """Another coefficient of the policy's entropy in the objective.

    Williams and Peng 1991; the default is that of A3C (Mnih et al. 2016). Most agents have an
    entropy coefficient anyway, and this replaces it, drawn or not; 0 takes it away.
    """

    strength = Strength("entropy coefficient", 0.01, 0, 10)

    def why_not(self, strength: float, agent: str, network: str, family: Family) -> str | None:
        """It needs a loss with an entropy bonus."""
        del strength, network, family
        has = "ent_coef" in agent_named(agent)[0].settings
        return None if has else f"entropy needs a loss with an entropy bonus, and {agent} has none"

    def settings(self, strength: float, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Replace ``ent_coef``."""
        return {**settings, "ent_coef": strength}


MEMBER = Entropy()
