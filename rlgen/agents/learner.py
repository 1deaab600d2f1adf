"""Make stable-baselines3 models from presets, and read their policies."""

from collections.abc import Callable, Iterable, Mapping
from math import prod
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.noise import NormalActionNoise
from stable_baselines3.common.sb2_compat.rmsprop_tf_like import RMSpropTFLike
from torch import nn

from rlgen.agents.annealing import EntropyAnneal
from rlgen.agents.dropout import Dropout
from rlgen.agents.envs.batch_env import BatchEnv
from rlgen.agents.presets.preset import AgentPreset
from rlgen.agents.recipes import recipe
from rlgen.errors import ProtocolError
from rlgen.levels.family import Family, Levels
from rlgen.networks.base import Network
from rlgen.networks.box_head import BoxHead
from rlgen.networks.trunk import TrunkExtractor
from rlgen.policies import box_policy, network_policy
from rlgen.policies.checkpoint import TrainedPolicy
from rlgen.policies.spec import BoxSpec, ContinuousSpec, PolicySpec, RecurrentSpec, observed

#: Settings that are not arguments of stable-baselines3's algorithms.
_OURS = (
    "n_envs",
    "anneal",
    "anneal_entropy",
    "reward_clip",
    "precision",
    "learning_rate",
    "weight_decay",
    "dropout",
    "action_noise",
)
#: Settings that are arguments of stable-baselines3's policies.
_POLICY_S = (
    "n_quantiles",
    "lstm_hidden_size",
    "n_lstm_layers",
    "shared_lstm",
    "enable_critic_lstm",
)
#: Units of the layer that joins features and action, in critics of networks without dense layers.
_JOINED = 256


def make(
    preset: AgentPreset,
    settings: Mapping[str, Any],
    network: Network,
    env: BatchEnv,
    *,
    seed: int,
    device: str,
) -> BaseAlgorithm:
    """Make an untrained model.

    Args:
        preset: The agent.
        settings: The run's hyper-parameters, already drawn; and ``weight_decay``, if weights decay.
        network: The trunk; heads are linear on it, and policy and value share it (A-21) where the
            algorithm allows. Critics of actions have a trunk of their own, whose dense layers also
            receive the action; if the network has no dense layer, they get one.
        env: The training environments.
        seed: Seed of weights, exploration and minibatches.
        device: "cpu" or "cuda".

    Raises:
        RlgenError: If the agent's package is not installed.
    """
    how = recipe(preset)
    precision = resolve_precision(settings.get("precision", "float32"), network, device)
    trunk, dense = network, list(network.dense)
    if how.joined:
        trunk = network.without_dense()
    policy: dict[str, Any] = {
        "features_extractor_kwargs": {"network": trunk, "precision": precision},
        **{key: settings[key] for key in _POLICY_S if key in settings},
        **(how.policy_settings or {}),
    }
    if how.adam is not None:
        policy |= {
            "features_extractor_class": TrunkExtractor,
            "net_arch": {"pi": dense, "qf": dense or [_JOINED]} if how.joined else [],
            "activation_fn": nn.ReLU,
            # Observations are already zeros and ones.
            "normalize_images": False,
            **_optimizer(preset, how.adam, settings.get("weight_decay", 0.0)),
        }
    not_its = (*_OURS, *_POLICY_S)
    rest = {key: value for key, value in settings.items() if key not in not_its}
    if "learning_rate" in settings:
        rest["learning_rate"] = _schedule(settings["learning_rate"], anneal=settings["anneal"])
    if "action_noise" in settings:
        deviation = np.full(env.action_space.shape or (), settings["action_noise"])
        rest["action_noise"] = NormalActionNoise(np.zeros_like(deviation), deviation)
    return how.algorithm(
        how.policy,
        env,
        policy_kwargs=policy,
        seed=seed,
        device=device,
        **rest,
        **(how.arguments or {}),
    )


def _optimizer(preset: AgentPreset, adam: Mapping[str, Any], decay: float) -> dict[str, Any]:
    optimiser: Callable[..., torch.optim.Optimizer] = RMSpropTFLike
    settings: dict[str, Any] = {"alpha": 0.99, "eps": 1e-5}
    if preset.optimizer == "adam":
        # One pass over the weights instead of eight.
        optimiser, settings = torch.optim.Adam, {"fused": True, **adam}
    return {
        "optimizer_class": _decaying(optimiser, decay) if decay else optimiser,
        "optimizer_kwargs": settings,
    }


def _decaying(
    optimiser: Callable[..., torch.optim.Optimizer], decay: float
) -> Callable[..., torch.optim.Optimizer]:
    """The optimiser with a decay of weights but not of biases."""

    def make(parameters: Iterable[nn.Parameter], **settings: Any) -> torch.optim.Optimizer:
        listed = list(parameters)
        weights = {"params": [p for p in listed if p.dim() > 1], "weight_decay": decay}
        return optimiser([weights, {"params": [p for p in listed if p.dim() == 1]}], **settings)

    return make


def callbacks(settings: Mapping[str, Any], seed: int) -> list[BaseCallback]:
    """The callbacks that settings require in training.

    Args:
        settings: As for ``make``; ``dropout`` is the probability of leaving a unit out.
        seed: Seed of dropout's masks.
    """
    required: list[BaseCallback] = []
    if settings.get("dropout"):
        required.append(Dropout(settings["dropout"], seed))
    if settings.get("anneal_entropy"):
        required.append(EntropyAnneal())
    return required


def batched(preset: AgentPreset) -> bool:
    """Whether the agent steps with ``BatchEnv.advance``, and so can train on a device."""
    return recipe(preset).batched


def environment(preset: AgentPreset, family: Family, levels: Levels) -> BatchEnv | None:
    """What an agent that plays no episodes learns from; None for others."""
    make = recipe(preset).environment
    return make(family, levels) if make is not None else None


def _schedule(rate: float, *, anneal: bool) -> float | Callable[[float], float]:
    return (lambda progress_remaining: rate * progress_remaining) if anneal else rate


def policy_of(
    preset: AgentPreset,
    model: BaseAlgorithm,
    network: Network,
    space: gym.spaces.Box,
    *,
    masked: bool = False,
) -> TrainedPolicy:
    """The policy of a model; it shares the model's weights and changes with them.

    Args:
        preset: The preset that the model was made from.
        model: The model.
        network: Its trunk.
        space: Its observation space.
        masked: Whether its family says which actions are valid.
    """
    how, actions = recipe(preset), model.action_space
    shape, look = space.shape, observed(network, space)
    trunk, head = how.network(model)
    if isinstance(actions, gym.spaces.Box):
        assert isinstance(head, BoxHead)
        box = BoxSpec.of(actions)
        size = prod(actions.shape)
        continuous = ContinuousSpec(network, shape, size, how.box_head, box, **look)
        return box_policy.trained(continuous, trunk, head)
    assert isinstance(actions, gym.spaces.Discrete)
    n_actions = int(actions.n)
    if how.lstm is None:
        masked = masked and how.masked
        spec = PolicySpec(network, shape, n_actions, how.head, masked=masked, **look)
        return network_policy.trained(spec, trunk, head)
    lstm = how.lstm(model)
    size, depth = lstm.hidden_size, lstm.num_layers
    recurrent = RecurrentSpec(network, shape, n_actions, how.head, size, depth, **look)
    return network_policy.trained(recurrent, trunk, head, lstm)


def resolve_precision(wanted: str, network: Network, device: str) -> torch.dtype:
    """The precision meant by "auto", "float32" or "bfloat16".

    "auto" is bfloat16 where the processor supports it and the network is wide enough to gain. It is
    not the default: learning curves have not been compared on such a processor.
    """
    if wanted == "auto":
        able = device == "cpu" and _has_bfloat16()
        return torch.bfloat16 if able and network.wide else torch.float32
    return torch.float32 if wanted == "float32" else torch.bfloat16


def resolve_device(wanted: str) -> str:
    """The device meant by "auto", "cpu" or "cuda"; "auto" is a GPU where there is one.

    Raises:
        ProtocolError: For "cuda" where there is none.
    """
    if wanted == "cpu":
        return wanted
    available = torch.cuda.is_available()
    if wanted == "cuda" and not available:
        raise ProtocolError("device 'cuda': torch finds no GPU on this machine")
    return "cuda" if available else "cpu"


def _has_bfloat16() -> bool:
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
