"""Agents and their networks.

To add an agent: a preset in ``presets`` and its line in ``AGENTS``; for an algorithm that is not
there yet, its recipe in ``recipes`` (README.md has a whole one). To add a network: its line in
``networks.ARCHITECTURES``. Importing this package imports neither torch nor stable-baselines3.
"""

from rlgen.agents import box_presets, contrib_presets, presets
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
        "sac": box_presets.SAC,
        "td3": box_presets.TD3,
        "ddpg": box_presets.DDPG,
        "trpo": contrib_presets.TRPO,
        "qrdqn": contrib_presets.QRDQN,
        "maskable-ppo": contrib_presets.MASKABLE_PPO,
        "ars": contrib_presets.ARS,
        "recurrent-ppo": contrib_presets.RECURRENT_PPO,
        "tqc": contrib_presets.TQC,
        "crossq": contrib_presets.CROSSQ,
    },
    group="rlgen.agents",
)

NETWORKS: Catalogue[Network] = Catalogue("network", ARCHITECTURES, group="rlgen.networks")
