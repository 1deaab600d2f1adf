"""Dropout."""

from collections.abc import Mapping
from typing import Any

from rlgen.agents import agent_named
from rlgen.levels.family import Family
from rlgen.levels.spaces import parts_of
from rlgen.networks import network_named
from rlgen.perturbations.base import Strength
from rlgen.training.regularisers.base import Regulariser


class Dropout(Regulariser):
    """Each hidden unit of the trunk is left out with a probability, for a rollout and its update.

    See ``rlgen.agents.dropout``.
    """

    strength = Strength("probability of leaving a unit out", 0.1, 0, 0.9)

    def why_not(self, strength: float, agent: str, network: str, family: Family) -> str | None:
        """It needs hidden units, and gradients that respect which units are left out."""
        del strength
        if agent_named(agent)[0].moves == "search":
            return f"dropout needs an agent that learns by gradients, and {agent} does not"
        if agent_named(agent)[0].moves == "critic":
            return f"dropout needs values of observations alone, and {agent}'s are of actions too"
        packed = bool(parts_of(family.observation_space))
        if network_named(network).has_hidden_units(packed=packed):
            return None
        units = "dense layers for dictionaries" if packed else "hidden units"
        return f"dropout needs {units}, and {network} has none"

    def settings(self, strength: float, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Add ``dropout``."""
        return {**settings, "dropout": strength}


MEMBER = Dropout()
