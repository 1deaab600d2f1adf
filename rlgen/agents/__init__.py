"""The catalogue of agents: learning algorithms with their hyper-parameters.

To add one: a preset in ``presets`` and its line in the table; for an algorithm that has no recipe
yet, its recipe in ``recipes`` (README.md has a whole example). Importing this package imports
neither torch nor stable-baselines3.
"""

from typing import Any

from rlgen.agents.presets import contrib, sb3
from rlgen.agents.presets.preset import AgentPreset
from rlgen.util.bracketed import named_options
from rlgen.util.registry import Catalogue

__all__ = ["AGENTS", "agent_named"]

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


def agent_named(name: str) -> tuple[AgentPreset, dict[str, Any]]:
    """Look up an agent, with the options that may follow its name in brackets.

    Args:
        name: Its name in ``AGENTS``, as in ``ppo`` or ``ppo[gamma=0.99,n_envs=64]``: so agents that
            differ in their hyper-parameters alone can be compared in one study.

    Raises:
        UnknownNameError: If there is no such agent.
        LevelError: For brackets with something else in them than ``key=value``.

    Example:
        >>> agent_named("ppo[gamma=0.99]")[1]
        {'gamma': 0.99}
    """
    bare, options = named_options(name)
    return AGENTS[bare], options
