"""An agent as an experiment declares it: a preset, a network, and how it is regularised."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from rlgen.agents import agent_named
from rlgen.agents.presets.preset import AgentPreset, LogUniform, drawn
from rlgen.networks import Network, network_named
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
        return cls.of(agent, options or {}, network_named(network), regularisation)

    @classmethod
    def of(
        cls,
        agent: str,
        options: Mapping[str, Any],
        network: Network,
        regularisation: Regularisation,
    ) -> Self:
        """From the agent's name; options in its brackets go before those that all agents have."""
        preset, own = agent_named(agent)
        return cls(agent, preset, {**options, **own}, network, regularisation)

    @property
    def configured(self) -> dict[str, Any]:
        """The hyper-parameters before anything is drawn or regularised.

        The learning rate is that of the options, else of agents that learn by gradient descent the
        network's own, else the preset's.

        Raises:
            ProtocolError: For an option that the preset does not have.
        """
        options = dict(self.options)
        preset, rate = self.preset, self.network.learning_rate
        # A rate that each run draws is drawn, whatever the network.
        fixed = isinstance(preset.settings.get("learning_rate"), float)
        if rate is not None and fixed and preset.moves in ("descent", "critic"):
            options.setdefault("learning_rate", rate)
        return self.preset.configured(options, self.agent)

    @property
    def falls(self) -> str:
        """What changes with the share of training that is done; empty if nothing does.

        Then training for more steps is to train on.
        """
        settings = self.configured
        if not self.preset.plays:
            return "its learning rate rises and falls over training"
        if settings["anneal"]:
            return "its learning rate falls to 0 over training"
        if settings.get("anneal_entropy"):
            return "its entropy coefficient falls to 0 over training"
        if "exploration_fraction" in settings:
            return "its exploration falls over a share of training"
        return ""

    def hyper_parameters(self, seed: int) -> dict[str, Any]:
        """Those of one run: what is drawn is drawn, and regularisers have made their changes."""
        return self.regularisation.settings(drawn(self.configured, seed))

    @cached_property
    def settings(self) -> Mapping[str, Any]:
        """The hyper-parameters as plain values: distributions by their text."""
        return {
            name: f"log-uniform[{value.low:g}, {value.high:g}]"
            if isinstance(value, LogUniform)
            else value
            for name, value in self.configured.items()
        }
