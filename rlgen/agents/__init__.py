"""Agents and their networks.

To add an agent: a preset in ``presets`` and its line in ``AGENTS``; for an algorithm that is not
there yet, its recipe in ``recipes`` (README.md has a whole one). Importing this package imports
neither torch nor stable-baselines3.
"""

from rlgen.agents.presets import box, contrib, preset
from rlgen.agents.presets.preset import AgentPreset
from rlgen.util.registry import Catalogue

__all__ = ["AGENTS"]

AGENTS: Catalogue[AgentPreset] = Catalogue(
    "agent",
    {
        "ppo": preset.PPO,
        "ppo-default": preset.PPO_DEFAULT,
        "a2c": preset.A2C,
        "a2c-paper": preset.A2C_PAPER,
        "dqn": preset.DQN,
        "sac": box.SAC,
        "td3": box.TD3,
        "ddpg": box.DDPG,
        "trpo": contrib.TRPO,
        "qrdqn": contrib.QRDQN,
        "maskable-ppo": contrib.MASKABLE_PPO,
        "ars": contrib.ARS,
        "recurrent-ppo": contrib.RECURRENT_PPO,
        "tqc": contrib.TQC,
        "crossq": contrib.CROSSQ,
    },
    group="rlgen.agents",
)
