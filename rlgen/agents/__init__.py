"""Agents and their networks.

To add an agent: a preset in ``presets`` and its line in ``AGENTS``. To add a network: its line in
``networks.ARCHITECTURES``. Importing this package imports neither torch nor stable-baselines3.
"""

from rlgen.agents import presets
from rlgen.agents.networks import ARCHITECTURES, Network
from rlgen.agents.presets import AgentPreset
from rlgen.catalogue import Catalogue

__all__ = ["AGENTS", "NETWORKS"]

AGENTS: Catalogue[AgentPreset] = Catalogue(
    "agent",
    {
        "ppo": presets.PPO,
        "ppo-default": presets.PPO_DEFAULT,
        "a2c": presets.A2C,
        "a2c-paper": presets.A2C_PAPER,
        "dqn": presets.DQN,
    },
    group="rlgen.agents",
)

NETWORKS: Catalogue[Network] = Catalogue("network", ARCHITECTURES, group="rlgen.networks")
