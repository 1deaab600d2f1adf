"""Policies from the weights in stable-baselines3 zips; nothing is unpickled."""

import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from gymnasium import spaces
from torch import nn

from rlgen.errors import PolicyError
from rlgen.policies import network_policy
from rlgen.policies.base import Policy
from rlgen.policies.sb3 import quantiles
from rlgen.policies.sb3.observations import EntriesLook, ModelSpace, UnfitError, looks, plain

#: Activations that a stable-baselines3 zip may name.
ACTIVATIONS = {
    kind.__name__: kind for kind in (nn.Tanh, nn.ReLU, nn.ELU, nn.LeakyReLU, nn.SiLU, nn.GELU)
}
#: The settings of policies that do not change the loaded network, or that are handled here.
SETTINGS = {
    *("activation_fn", "net_arch", "features_extractor_class", "optimizer_class"),
    *("optimizer_kwargs", "ortho_init", "use_sde", "log_std_init", ":type:", ":serialized:"),
    *("share_features_extractor", "normalize_images", "n_quantiles", "with_bias"),
    *("lstm_hidden_size", "n_lstm_layers", "shared_lstm", "enable_critic_lstm", "lstm_kwargs"),
    *("n_critics", "squash_output", "clip_mean", "full_std", "use_expln"),
    *("top_quantiles_to_drop_per_net", "batch_norm", "batch_norm_momentum", "batch_norm_eps"),
    "renorm_warmup_steps",
}
#: Prefixes of the weights of an actor, and of parts that it does not need to act.
PARTS = (
    *("features_extractor.", "pi_features_extractor.", "vf_features_extractor."),
    *("mlp_extractor.policy_net.", "mlp_extractor.value_net.", "action_net.", "value_net."),
    *("lstm_actor.", "lstm_critic.", "critic.", "log_std"),
    *("actor.features_extractor.", "actor.latent_pi.", "actor.mu.", "actor.log_std"),
    *("actor_target.", "critic_target."),
    *("q_net.", "q_net_target.", "quantile_net.", "quantile_net_target."),
)


@dataclass(frozen=True)
class Zip:
    """The contents of a stable-baselines3 zip that can be read without unpickling.

    Attributes:
        path: The file.
        data: The JSON of its settings.
        weights: The tensors of its policy, by name.
    """

    path: Path
    data: Mapping[str, Any]
    weights: Mapping[str, torch.Tensor]

    def needs_trust(self, why: str) -> PolicyError:
        """The error for a zip that cannot be loaded safely."""
        return PolicyError(
            f"{self.path}: {why}; that is stored as a pickle, which runs code when it is read: "
            f"if you trust its author, say --trust {self.path}"
        )


def read(path: Path) -> Zip:
    """Open a zip; nothing in it is unpickled.

    Raises:
        PolicyError: If it was not saved by stable-baselines3.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            data = json.loads(archive.read("data"))
            weights = torch.load(
                io.BytesIO(archive.read("policy.pth")), map_location="cpu", weights_only=True
            )
    except Exception as error:
        raise PolicyError(
            f"{path}: cannot be read as a stable-baselines3 zip: {' '.join(str(error).split())}"
        ) from None
    if not isinstance(data, dict) or not isinstance(weights, dict):
        raise PolicyError(f"{path}: cannot be read as a stable-baselines3 zip")
    return Zip(path, data, weights)


def policy(path: Path, space: spaces.Box) -> Policy:
    """Load the policy of PPO, A2C, DQN, or an algorithm of sb3-contrib other than CrossQ and TQC.

    MaskablePPO plays without masks: families have none. Of RecurrentPPO only the actor is loaded.

    Args:
        path: The zip.
        space: The space of the observations that it will be given.

    Raises:
        PolicyError: If it does not fit, or cannot be loaded without unpickling.
    """
    archive = read(path)
    names = set(archive.weights)
    kwargs = archive.data.get("policy_kwargs") or {}
    default: type[nn.Module]
    if "action_net.weight" in names:
        stem, head, softmax, default = "mlp_extractor.policy_net", "action_net", True, nn.Tanh
    elif any(name.startswith("q_net.q_net.") for name in names):
        stem, head, softmax, default = "q_net.q_net", "", False, nn.ReLU
    elif any(name.startswith("quantile_net.quantile_net.") for name in names):
        stem, head, softmax, default = "quantile_net.quantile_net", "", False, nn.ReLU
    elif "action_net.0.weight" in names:
        stem, head, softmax, default = "action_net", "", False, nn.ReLU
    else:
        raise archive.needs_trust(
            "it holds no policy with discrete actions of PPO, A2C, DQN, TRPO, MaskablePPO, "
            "RecurrentPPO, QRDQN or ARS"
        )
    check_names(archive)
    if "log_std" in names:
        raise PolicyError(f"{path}: its actions are continuous, not discrete")
    act = activation(archive, kwargs, default)
    before = extractor(archive, features(names, stem), space)
    modules: list[nn.Module] = []
    layers = dense(archive.weights, stem)
    if stem.startswith("quantile_net"):
        layers[-1] = _mean(archive, layers[-1])
    elif stem == "action_net" and (archive.data.get("action_space") or {}).get("n") is None:
        raise PolicyError(f"{path}: its actions are not discrete")
    for i, layer in enumerate(layers):
        modules.append(layer)
        if head or i < len(layers) - 1:
            modules.append(act())
    if head:
        modules += dense(archive.weights, head)
    lstm = _lstm(archive, kwargs)
    if lstm is not None:
        trunk = nn.Sequential(*before)
        return network_policy.of_layers(trunk, nn.Sequential(*modules), lstm, softmax=softmax)
    return network_policy.of_module(nn.Sequential(*before, *modules), softmax=softmax)


def _lstm(archive: Zip, kwargs: Mapping[str, Any]) -> nn.LSTM | None:
    """The actor's LSTM, if it has one."""
    prefix = "lstm_actor."
    weights = {
        name.removeprefix(prefix): weight
        for name, weight in archive.weights.items()
        if name.startswith(prefix)
    }
    if not weights:
        return None
    settings = kwargs.get("lstm_kwargs") or {}
    # Dropout is of training; most other settings would be another arithmetic.
    if not isinstance(settings, dict) or not set(settings) <= {"bias", "dropout"}:
        raise archive.needs_trust("its LSTM has settings of its own")
    try:
        hidden, width = weights["weight_hh_l0"].shape[1], weights["weight_ih_l0"].shape[1]
        depth = sum(name.startswith("weight_hh_l") for name in weights)
        lstm = nn.LSTM(width, hidden, num_layers=depth, bias="bias_hh_l0" in weights)
        lstm.load_state_dict(weights)
    except Exception:
        raise archive.needs_trust("its LSTM is not that of sb3-contrib") from None
    return lstm


def check_names(archive: Zip) -> None:
    """Refuse weights that no policy of stable-baselines3 or sb3-contrib has."""
    strange = sorted(name for name in archive.weights if not name.startswith(PARTS))
    if strange:
        raise archive.needs_trust(f"its policy has the weights {strange[0]!r}")


def features(names: set[str], stem: str) -> str:
    """The prefix of the weights of the policy's features extractor."""
    if stem.startswith(("q_net", "quantile_net")):
        return stem.split(".")[0] + "."
    separate = any(name.startswith("pi_features_extractor.") for name in names)
    return "pi_" if separate else ""


def _mean(archive: Zip, layer: nn.Linear) -> nn.Linear:
    """The layer whose outputs are the means of this one's quantiles."""
    number = archive.data.get("n_quantiles")
    if not isinstance(number, int) or number < 1 or layer.out_features % number:
        raise PolicyError(f"{archive.path}: n_quantiles = {number!r} does not fit its weights")
    mean = nn.Linear(layer.in_features, layer.out_features // number)
    mean.load_state_dict(quantiles.mean(layer, mean.out_features))
    return mean


def activation(
    archive: Zip, kwargs: Mapping[str, Any], default: type[nn.Module]
) -> type[nn.Module]:
    """The activation between a zip's dense layers."""
    text = str(kwargs.get("activation_fn", ""))
    strange = sorted(set(kwargs) - SETTINGS)
    if strange:
        raise archive.needs_trust(f"its policy has the setting {strange[0]!r}")
    if not text:
        return default
    name = (re.findall(r"\.(\w+)'>", text) or [""])[0]
    if name not in ACTIVATIONS:
        raise archive.needs_trust(f"its activation function is {text}")
    return ACTIVATIONS[name]


def extractor(archive: Zip, before: str, space: spaces.Box) -> list[nn.Module]:
    """The modules before the dense layers: a conversion, and perhaps the CNN of Mnih et al. 2015.

    Each picture of a dictionary has a CNN of its own (``CombinedExtractor``).
    """
    prefix = f"{before}features_extractor."
    rest = {name for name in archive.weights if name.startswith(prefix)}
    own = ModelSpace.of_json(archive.data.get("observation_space") or {})
    if own is None:
        raise archive.needs_trust("its observation space cannot be read")
    divided = (archive.data.get("policy_kwargs") or {}).get("normalize_images", True)
    try:
        if isinstance(own, dict):
            entries = looks(own, space, divided=divided)
            convs = {key: f"{prefix}extractors.{key}." for key in own}
            modules: list[nn.Module] = [
                EntriesLook(
                    space, entries, [nn.Sequential(*_cnn(archive, name)) for name in convs.values()]
                )
            ]
        else:
            convs = {"": prefix}
            modules = [plain(own, space, divided=divided), *_cnn(archive, prefix)]
    except UnfitError as error:
        raise PolicyError(f"{archive.path}: {error}") from None
    whole = tuple(f"{name}{part}." for name in convs.values() for part in ("cnn", "linear"))
    if any(not name.startswith(whole) for name in rest):
        raise archive.needs_trust("its features extractor is not one of stable-baselines3")
    return modules


def _cnn(archive: Zip, prefix: str) -> list[nn.Module]:
    """The CNN whose weights have this prefix; a flattening layer where there is none."""
    names = [n for n in archive.weights if n.startswith(f"{prefix}cnn.") and n.endswith(".weight")]
    if not names:
        return [nn.Flatten()]
    strides = {8: 4, 4: 2, 3: 1}  # by kernel size
    modules: list[nn.Module] = []
    for name in sorted(names, key=lambda n: int(n.split(".")[-2])):
        weight = archive.weights[name]
        if weight.shape[-1] not in strides:
            raise archive.needs_trust("its convolutions are not those of stable-baselines3")
        conv = nn.Conv2d(
            weight.shape[1], weight.shape[0], weight.shape[-1], strides[weight.shape[-1]]
        )
        conv.weight.data, conv.bias = weight, nn.Parameter(archive.weights[name[:-6] + "bias"])
        modules += [conv, nn.ReLU()]
    modules.append(nn.Flatten())
    for layer in dense(archive.weights, f"{prefix}linear"):
        modules += [layer, nn.ReLU()]
    return modules


def dense(weights: Mapping[str, torch.Tensor], stem: str) -> list[nn.Linear]:
    """The dense layers with this name, or in the sequence with this name."""
    pattern = re.compile(rf"{re.escape(stem)}(?:\.(\d+))?\.weight")
    names = {int(m[1] or 0): n for n in weights if (m := pattern.fullmatch(n)) is not None}
    layers: list[nn.Linear] = []
    for _, name in sorted(names.items()):
        weight = weights[name]
        layer = nn.Linear(weight.shape[1], weight.shape[0])
        # ARS's linear policy has no bias.
        bias = weights.get(name[:-6] + "bias", torch.zeros(weight.shape[0]))
        layer.weight.data, layer.bias.data = weight, bias
        layers.append(layer)
    return layers
