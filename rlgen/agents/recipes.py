"""Recipes: how each algorithm is built with our networks, and where its model holds the policy."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
from stable_baselines3 import DDPG, DQN, SAC, TD3
from stable_baselines3.common.base_class import BaseAlgorithm
from torch import nn

from rlgen.agents.envs.batch_env import BatchEnv
from rlgen.agents.presets.preset import AgentPreset
from rlgen.agents.rollouts import BatchedA2C, BatchedPolicy, BatchedPPO, Rollouts
from rlgen.levels.family import Family, Levels
from rlgen.networks.box_head import BoxHead
from rlgen.networks.trunk import Trunk
from rlgen.util.registry import Catalogue, Lazy

#: Adam's epsilon, stable-baselines3's default for on-policy algorithms.
ON_POLICY = {"eps": 1e-5}


@dataclass(frozen=True)
class Recipe:
    """How to build one algorithm.

    Attributes:
        algorithm: Its class; what its ``get_parameters`` gives, and its replay buffer, is all that
            it knows between two rollouts, but for counters (``training.state``).
        policy: The class, or the name, of its stable-baselines3 policy.
        network: From the model to its trunk and its linear head or ``BoxHead``.
        head: Head for discrete actions, see ``policies.spec.PolicySpec``; "" if it has none.
        box_head: Head for continuous actions, a key of ``box_head.SQUASHED``; "" if it has none.
        adam: Arguments of Adam other than torch's defaults; None if it does not use gradients.
        policy_settings: Arguments of the policy that are not settings.
        arguments: Arguments of the algorithm that are not settings.
        batched: Whether it steps with ``BatchEnv.advance``, and so can train on a device.
        lstm: From the model to the LSTM between trunk and head; None if there is none.
        joined: Whether it has critics of actions, see ``learner.make``.
        masked: Whether it leaves out actions that are not valid, where ``Family.masked``.
        environment: From family and levels to what it learns from, if it plays no episodes.
    """

    algorithm: type[BaseAlgorithm]
    policy: Any
    network: Callable[[Any], tuple[Trunk, nn.Module]]
    head: str = ""
    box_head: str = ""
    adam: Mapping[str, Any] | None = None
    policy_settings: Mapping[str, Any] | None = None
    arguments: Mapping[str, Any] | None = None
    batched: bool = False
    lstm: Callable[[Any], nn.LSTM] | None = None
    joined: bool = False
    masked: bool = False
    environment: Callable[[Family, Levels], BatchEnv] | None = None


def actor(model: Any) -> tuple[Trunk, nn.Module]:
    """Trunk and head of an actor-critic model."""
    trunk, head = model.policy.features_extractor.layers, model.policy.action_net
    if isinstance(model.action_space, gym.spaces.Box):
        head = BoxHead(head, model.policy.log_std)
    return trunk, head


def soft_actor(model: Any) -> tuple[Trunk, nn.Module]:
    """Trunk and head of an actor that draws and squashes actions."""
    own = model.policy.actor
    trunk = Trunk(*own.features_extractor.layers, *own.latent_pi)
    return trunk, BoxHead(own.mu, own.log_std)


def _deterministic_actor(model: Any) -> tuple[Trunk, nn.Module]:
    own = model.policy.actor
    *dense, mean, _ = own.mu  # the last is tanh
    return Trunk(*own.features_extractor.layers, *dense), BoxHead(mean, None)


def _batched(algorithm: type[BaseAlgorithm]) -> Recipe:
    return Recipe(
        algorithm,
        BatchedPolicy,
        actor,
        "softmax",
        "gaussian",
        adam=ON_POLICY,
        arguments={"rollout_buffer_class": Rollouts},
        batched=True,
    )


RECIPES: Catalogue[Recipe] = Catalogue(
    "algorithm",
    {
        "PPO": _batched(BatchedPPO),
        "A2C": _batched(BatchedA2C),
        "DQN": Recipe(
            DQN,
            "MlpPolicy",
            lambda model: (model.q_net.features_extractor.layers, model.q_net.q_net[0]),
            "argmax",
            adam={},
        ),
        "SAC": Recipe(SAC, "MlpPolicy", soft_actor, box_head="tanh-gaussian", adam={}, joined=True),
        **{
            algorithm.__name__: Recipe(
                algorithm,
                "MlpPolicy",
                _deterministic_actor,
                box_head="tanh",
                adam={},
                joined=True,
            )
            for algorithm in (TD3, DDPG)
        },
        "Cloning": Lazy("behaviour cloning of the planner", "rlgen.agents.imitation:RECIPE"),
        **{
            name: Lazy(f"{name} of sb3-contrib", f"rlgen.agents.contrib:{constant}")
            for name, constant in (
                ("TRPO", "TRPO_RECIPE"),
                ("MaskablePPO", "MASKABLE_PPO_RECIPE"),
                ("QRDQN", "QRDQN_RECIPE"),
                ("ARS", "ARS_RECIPE"),
                ("RecurrentPPO", "RECURRENT_PPO_RECIPE"),
                ("TQC", "TQC_RECIPE"),
                ("CrossQ", "CROSSQ_RECIPE"),
            )
        },
    },
    group="rlgen.recipes",
)


def recipe(preset: AgentPreset) -> Recipe:
    """The recipe of a preset.

    Raises:
        RlgenError: If its package is not installed, or its algorithm has no recipe.
    """
    preset.require()
    return RECIPES[preset.algorithm]
