"""How each algorithm is made with our networks, and where in its model the policy is found."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from stable_baselines3 import DQN
from stable_baselines3.common.base_class import BaseAlgorithm
from torch import nn

from rlgen.agents.presets import AgentPreset
from rlgen.agents.rollouts import BatchedA2C, BatchedPolicy, BatchedPPO, Rollouts
from rlgen.catalogue import Catalogue, Lazy

#: Adam's smallest denominator, stable-baselines3's default for algorithms that are on-policy.
ON_POLICY = {"eps": 1e-5}


@dataclass(frozen=True)
class Recipe:
    """What differs between algorithms.

    Attributes:
        algorithm: Its class.
        policy: What it is given as its policy.
        network: From the model to the trunk as a features extractor, and to the linear head.
        head: See ``torch_policy.PolicySpec``.
        adam: Arguments of Adam that are not torch's; None where nothing is optimised by gradients.
        policy_settings: Arguments of the policy that are no settings.
        arguments: Arguments of the algorithm that are no settings.
        batched: Whether it collects with ``BatchEnv.advance``, and so on a device.
        lstm: From the model to the LSTM between trunk and head; None where there is none.
    """

    algorithm: type[BaseAlgorithm]
    policy: Any
    network: Callable[[Any], tuple[Any, nn.Module]]
    head: str
    adam: Mapping[str, Any] | None = None
    policy_settings: Mapping[str, Any] | None = None
    arguments: Mapping[str, Any] | None = None
    batched: bool = False
    lstm: Callable[[Any], nn.LSTM] | None = None


def actor(model: Any) -> tuple[Any, nn.Module]:
    """Trunk and head of an actor and critic."""
    return model.policy.features_extractor, model.policy.action_net


def _batched(algorithm: type[BaseAlgorithm]) -> Recipe:
    return Recipe(
        algorithm,
        BatchedPolicy,
        actor,
        "softmax",
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
            lambda model: (model.q_net.features_extractor, model.q_net.q_net[0]),
            "argmax",
            adam={},
        ),
        **{
            name: Lazy(f"{name} of sb3-contrib", f"rlgen.agents.contrib:{constant}")
            for name, constant in (
                ("TRPO", "TRPO_RECIPE"),
                ("MaskablePPO", "MASKABLE_PPO_RECIPE"),
                ("QRDQN", "QRDQN_RECIPE"),
                ("ARS", "ARS_RECIPE"),
                ("RecurrentPPO", "RECURRENT_PPO_RECIPE"),
            )
        },
    },
    group="rlgen.recipes",
)


def recipe(preset: AgentPreset) -> Recipe:
    """The preset's.

    Raises:
        RlgenError: If its package is not installed, or there is none for its algorithm.
    """
    preset.require()
    return RECIPES[preset.algorithm]
