"""The catalogue of agents: learning algorithms with their hyper-parameters.

To add one: a preset in ``presets`` and its line in the table; for an algorithm that has no recipe
yet, its recipe in ``recipes`` (README.md has a whole example). Importing this package imports
neither torch nor stable-baselines3.
"""

from rlgen.agents.presets import contrib, sb3
from rlgen.agents.presets.preset import AgentPreset
from rlgen.util.registry import Catalogue

__all__ = ["AGENTS"]

AGENTS: Catalogue[AgentPreset] = Catalogue(
    "agent",
    {
        "ppo": sb3.PPO,
        "ppo-default": sb3.PPO_DEFAULT,
        "a2c": sb3.A2C,
        "a2c-paper": sb3.A2C_PAPER,
        "dqn": sb3.DQN,
        "sac": sb3.SAC,
        "td3": sb3.TD3,
        "ddpg": sb3.DDPG,
        "cloning": sb3.CLONING,
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
