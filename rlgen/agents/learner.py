"""A stable-baselines3 model made from a preset."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from stable_baselines3 import DQN
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm
from stable_baselines3.common.sb2_compat.rmsprop_tf_like import RMSpropTFLike
from torch import nn

from rlgen.agents.batch_env import BatchEnv
from rlgen.agents.networks import Network
from rlgen.agents.presets import AgentPreset
from rlgen.agents.rollouts import BatchedA2C, BatchedPolicy, BatchedPPO, Rollouts
from rlgen.agents.torch_policy import PolicySpec, TorchPolicy
from rlgen.agents.trunk import TrunkExtractor
from rlgen.errors import ProtocolError

_ALGORITHMS: dict[str, type[BaseAlgorithm]] = {
    "PPO": BatchedPPO,
    "A2C": BatchedA2C,
    "DQN": DQN,
}
#: Settings of ours that stable-baselines3 does not take.
_OURS = ("n_envs", "anneal", "reward_clip", "precision", "learning_rate")


def make(
    preset: AgentPreset,
    settings: Mapping[str, Any],
    network: Network,
    env: BatchEnv,
    *,
    seed: int,
    device: str,
) -> BaseAlgorithm:
    """The untrained model.

    Args:
        preset: Says which algorithm.
        settings: The run's hyper-parameters, drawn.
        network: The trunk; heads are linear on it, shared between policy and value (A-21).
        env: Training environments.
        seed: Of weights, exploration and minibatches.
        device: "cpu" or "cuda".
    """
    policy: dict[str, Any] = {
        "features_extractor_class": TrunkExtractor,
        "features_extractor_kwargs": {
            "network": network,
            "precision": resolve_precision(settings["precision"], network, device),
        },
        "net_arch": [],
        "activation_fn": nn.ReLU,
        # Observations are already zeros and ones.
        "normalize_images": False,
    }
    if preset.optimizer == "adam":
        # One pass over the weights instead of eight; eps as stable-baselines3's on-policy default.
        policy |= {
            "optimizer_kwargs": {"fused": True} | ({"eps": 1e-5} if on_policy(preset) else {})
        }
    else:
        policy |= {
            "optimizer_class": RMSpropTFLike,
            "optimizer_kwargs": {"alpha": 0.99, "eps": 1e-5},
        }
    rest = {key: value for key, value in settings.items() if key not in _OURS}
    algorithm = _ALGORITHMS[preset.algorithm]
    if on_policy(preset):
        rest["rollout_buffer_class"] = Rollouts
    return algorithm(
        BatchedPolicy if on_policy(preset) else "MlpPolicy",
        env,
        learning_rate=_schedule(settings["learning_rate"], anneal=settings["anneal"]),
        policy_kwargs=policy,
        seed=seed,
        device=device,
        **rest,
    )


def on_policy(preset: AgentPreset) -> bool:
    """Whether it learns from rollouts of its own policy alone."""
    return issubclass(_ALGORITHMS[preset.algorithm], OnPolicyAlgorithm)


def _schedule(rate: float, *, anneal: bool) -> float | Callable[[float], float]:
    return (lambda progress_remaining: rate * progress_remaining) if anneal else rate


def policy_of(model: BaseAlgorithm, network: Network, shape: tuple[int, ...]) -> TorchPolicy:
    """The model's current policy; it shares the model's weights and changes with them."""
    if isinstance(model, DQN):
        net: Any = model.q_net
        extractor, head, kind = net.features_extractor, net.q_net[0], "argmax"
    else:
        net = model.policy
        extractor, head, kind = net.features_extractor, net.action_net, "softmax"
    spec = PolicySpec(network, shape, int(head.out_features), kind)
    return TorchPolicy(spec, extractor.layers, head)


def resolve_precision(wanted: str, network: Network, device: str) -> torch.dtype:
    """The precision meant by "auto", "float32" or "bfloat16".

    "auto" is bfloat16 where the processor computes in it and the network is wide enough to gain.
    It is no default: learning curves have not been compared on such a processor.
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
    found = torch.cuda.is_available()
    if wanted == "cuda" and not found:
        raise ProtocolError("device 'cuda': torch finds no GPU on this machine")
    return "cuda" if found else "cpu"


def _has_bfloat16() -> bool:
    found = torch.cpu.get_capabilities()
    return bool(found.get("avx512_bf16") or found.get("amx_bf16"))
