"""An agent as an experiment declares it: a preset, a network, and how it is regularised."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from rlgen.agents import AGENTS
from rlgen.agents.presets.preset import AgentPreset, LogUniform, drawn
from rlgen.networks import NETWORKS
from rlgen.networks.base import Network
from rlgen.training.regularisers.regularisation import Regularisation


@dataclass(frozen=True)
class AgentSpec:
    """All that decides how an agent learns, but its seed, its levels and the number of steps.

    Attributes:
        agent: Name of the preset in ``AGENTS``.
        preset: The algorithm with its hyper-parameters.
        options: Hyper-parameters that replace the preset's own.
        network: The trunk.
        regularisation: Perturbations and regularisers that it trains with.
    """

    agent: str
    preset: AgentPreset
    options: Mapping[str, Any]
    network: Network
    regularisation: Regularisation

    @classmethod
    def named(
        cls,
        agent: str,
        network: str,
        options: Mapping[str, Any] | None = None,
        regulariser: str = "none",
    ) -> Self:
        """From names, as protocols and the settings of cells hold them.

        Raises:
            UnknownNameError: For a name that does not exist.
            ProtocolError: For a regulariser that agents cannot be trained with.

        Example:
            >>> AgentSpec.named("ppo", "linear", {"n_envs": 4}).options["n_envs"]
            4
        """
        regularisation = Regularisation.parse(regulariser)
        return cls(agent, AGENTS[agent], options or {}, NETWORKS[network], regularisation)

    @property
    def configured(self) -> dict[str, Any]:
        """The hyper-parameters before anything is drawn or regularised.

        Raises:
            ProtocolError: For an option that the preset does not have.
        """
        return self.preset.configured(self.options, self.agent)

    def hyper_parameters(self, seed: int) -> dict[str, Any]:
        """Those of one run: what is drawn is drawn, and regularisers have made their changes."""
        return self.regularisation.settings(drawn(self.configured, seed))

    @property
    def settings(self) -> dict[str, Any]:
        """The hyper-parameters as plain values: distributions by their text."""
        return {
            name: f"log-uniform[{value.low:g}, {value.high:g}]"
            if isinstance(value, LogUniform)
            else value
            for name, value in self.configured.items()
        }
