"""Policies from files. Nothing in a file is executed unless the user has named it as trusted."""

import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from rlgen.agents.sb3_policy import SB3Policy
from rlgen.agents.torch_policy import TorchPolicy
from rlgen.errors import RlgenError
from rlgen.levels import Family
from rlgen.policy import FunctionPolicy, MemorylessPolicy, Policy

#: Observations passed through a network at once.
BATCH = 1024
#: Endings of torch's programs: TorchScript, and what ``torch.export`` saves.
PROGRAMS = (".pt", ".ts", ".pt2")
#: Activations that a stable-baselines3 zip may name.
ACTIVATIONS = {
    kind.__name__: kind for kind in (nn.Tanh, nn.ReLU, nn.ELU, nn.LeakyReLU, nn.SiLU, nn.GELU)
}


class PolicyError(RlgenError):
    """A policy that cannot be loaded, or does not fit."""


def load(source: str, family: Family, *, trust: bool = False) -> Policy:
    """The policy that a command names.

    Args:
        source: A run of ours (its folder); a stable-baselines3 zip; a program of torch, TorchScript
            or exported, from observations to action logits; or ``module:function``, from
            observations ``(B, ...)`` to action probabilities ``(B, A)``, which is imported, as its
            name asks.
        family: What it is to play.
        trust: Whether the file may be unpickled or run.

    Raises:
        PolicyError: Saying what is wrong with the file, or what needs trust and why.
    """
    path = Path(source)
    if path.is_dir():
        return _fitting(TorchPolicy.load(path), family, source)
    if path.is_file():
        if zipfile.is_zipfile(path) and _holds(path, "data"):
            return _trusted_zip(path, family) if trust else _fitting(_zip(path), family, source)
        if path.suffix in PROGRAMS:
            return _program(path, family, trust)
        raise PolicyError(
            f"{path}: neither a run's folder, a stable-baselines3 zip nor a program of torch "
            f"({', '.join(PROGRAMS)})"
        )
    module, colon, name = source.partition(":")
    if not colon or path.suffix in (".zip", ".pt"):
        raise PolicyError(f"{source}: there is no such file (a function is given as module:name)")
    try:
        function = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise PolicyError(f"policy {source!r}: {error}") from None
    if isinstance(function, Policy):
        return function
    return _fitting(FunctionPolicy(function, int(family.action_space.n)), family, source)


def _fitting(policy: MemorylessPolicy, family: Family, source: str) -> MemorylessPolicy:
    """The policy, if it takes the family's observations and gives its actions."""
    shape, n_actions = family.observation_space.shape, int(family.action_space.n)
    probe = np.zeros((2, *shape), family.observation_space.dtype)
    try:
        given = policy.probabilities(probe)
    except RlgenError:
        raise
    except Exception as error:
        # Libraries word a mismatch in many ways, and may do so in several lines.
        raise PolicyError(
            f"{source}: does not take {family.name}'s observations of shape {shape}: "
            f"{' '.join(str(error).split())[:200]}"
        ) from None
    if given.shape != (2, n_actions):
        raise PolicyError(
            f"{source}: gives {given.shape[-1]} action probabilities; {family.name} has "
            f"{n_actions} actions"
        )
    return policy


class NetworkPolicy(MemorylessPolicy):
    """A torch module as a policy.

    Args:
        module: From float32 ``(B, *observation shape)`` to ``(B, A)``.
        softmax: Whether it gives logits; else action values, of which the best is taken.
    """

    def __init__(self, module: nn.Module, *, softmax: bool) -> None:
        self._module, self.stochastic = _eval(module), softmax

    def probabilities(self, observations: NDArray[Any]) -> NDArray[np.float64]:
        """See ``MemorylessPolicy.probabilities``."""
        parts = []
        with torch.inference_mode():
            for first in range(0, len(observations), BATCH):
                part = torch.from_numpy(np.ascontiguousarray(observations[first : first + BATCH]))
                scores = self._module(part.float()).double()
                parts.append(
                    scores.softmax(1)
                    if self.stochastic
                    else nn.functional.one_hot(scores.argmax(1), scores.shape[1]).double()
                )
        out: NDArray[np.float64] = torch.cat(parts).numpy()
        return out


def _eval(module: nn.Module) -> nn.Module:
    """The module as it acts; an exported program has no other way."""
    try:
        return module.eval()
    except NotImplementedError:
        return module


def _holds(path: Path, name: str) -> bool:
    with zipfile.ZipFile(path) as archive:
        return name in archive.namelist()


@dataclass(frozen=True)
class _Zip:
    """What a stable-baselines3 zip says without being unpickled."""

    path: Path
    data: Mapping[str, Any]
    weights: Mapping[str, torch.Tensor]

    def needs_trust(self, why: str) -> PolicyError:
        """Why it cannot be loaded safely."""
        return PolicyError(
            f"{self.path}: {why}; that is stored as a pickle, which runs code when it is read: "
            f"if you trust its author, say --trust {self.path}"
        )


def _read_zip(path: Path) -> _Zip:
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
    return _Zip(path, data, weights)


def _zip(path: Path) -> MemorylessPolicy:
    """The policy of PPO, A2C or DQN from its weights alone; pickled parts are left alone."""
    told = _read_zip(path)
    names = set(told.weights)
    kwargs = told.data.get("policy_kwargs") or {}
    default: type[nn.Module]
    if "action_net.weight" in names and not any("lstm" in name for name in names):
        stem, head, softmax, default = "mlp_extractor.policy_net", "action_net", True, nn.Tanh
    elif any(name.startswith("q_net.q_net.") for name in names):
        stem, head, softmax, default = "q_net.q_net", "", False, nn.ReLU
    else:
        raise told.needs_trust("it holds no policy of PPO, A2C or DQN with discrete actions")
    if "log_std" in names:
        raise PolicyError(f"{path}: its actions are continuous; only discrete ones can be played")
    activation = _activation(told, kwargs, default)
    modules = _extractor(told, "" if softmax else "q_net.")
    dense = _dense(told.weights, stem)
    for i, layer in enumerate(dense):
        modules.append(layer)
        if head or i < len(dense) - 1:
            modules.append(activation())
    if head:
        modules += _dense(told.weights, head)
    return NetworkPolicy(nn.Sequential(*modules), softmax=softmax)


def _activation(told: _Zip, kwargs: Mapping[str, Any], default: type[nn.Module]) -> type[nn.Module]:
    text = str(kwargs.get("activation_fn", ""))
    known = {"activation_fn", "net_arch", "features_extractor_class", "optimizer_class"}
    known |= {"optimizer_kwargs", "ortho_init", "use_sde", "log_std_init", ":type:", ":serialized:"}
    known |= {"share_features_extractor", "normalize_images"}
    strange = sorted(set(kwargs) - known)
    if strange:
        raise told.needs_trust(f"its policy has the setting {strange[0]!r}")
    if not text:
        return default
    name = (re.findall(r"\.(\w+)'>", text) or [""])[0]
    if name not in ACTIVATIONS:
        raise told.needs_trust(f"its activation function is {text}")
    return ACTIVATIONS[name]


def _extractor(told: _Zip, before: str) -> list[nn.Module]:
    """What comes before the dense layers: nothing, or the CNN of Mnih et al. 2015."""
    prefix = f"{before}features_extractor."
    convs = [n for n in told.weights if n.startswith(f"{prefix}cnn.") and n.endswith(".weight")]
    rest = [n for n in told.weights if n.startswith(prefix) and ".cnn." not in n]
    if not convs:
        if rest:
            raise told.needs_trust("its features extractor is no part of stable-baselines3")
        return [nn.Flatten()]
    strides = {8: 4, 4: 2, 3: 1}  # by kernel size
    modules: list[nn.Module] = []
    for name in sorted(convs, key=lambda n: int(n.split(".")[-2])):
        weight = told.weights[name]
        if weight.shape[-1] not in strides:
            raise told.needs_trust("its convolutions are not those of stable-baselines3")
        conv = nn.Conv2d(
            weight.shape[1], weight.shape[0], weight.shape[-1], strides[weight.shape[-1]]
        )
        conv.weight.data, conv.bias = weight, nn.Parameter(told.weights[name[:-6] + "bias"])
        modules += [conv, nn.ReLU()]
    modules.append(nn.Flatten())
    for layer in _dense(told.weights, f"{prefix}linear"):
        modules += [layer, nn.ReLU()]
    return modules


def _dense(weights: Mapping[str, torch.Tensor], stem: str) -> list[nn.Module]:
    """The dense layers with this name, or of the sequence with it."""
    pattern = re.compile(rf"{re.escape(stem)}(?:\.(\d+))?\.weight")
    found = {int(m[1] or 0): n for n in weights if (m := pattern.fullmatch(n)) is not None}
    layers: list[nn.Module] = []
    for _, name in sorted(found.items()):
        weight = weights[name]
        layer = nn.Linear(weight.shape[1], weight.shape[0])
        layer.weight.data, layer.bias.data = weight, weights[name[:-6] + "bias"]
        layers.append(layer)
    return layers


def _trusted_zip(path: Path, family: Family) -> Policy:
    """The model as stable-baselines3 loads it; runs what the file holds."""
    from stable_baselines3 import A2C, DQN, PPO

    wanted = DQN if any(n.startswith("q_net") for n in _read_zip(path).weights) else None
    for algorithm in (wanted,) if wanted else (PPO, A2C):
        try:
            model = algorithm.load(path, device="cpu")
        except Exception as error:
            reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
            continue
        for module in model.policy.modules():
            if hasattr(module, "normalize_images"):
                # Our pictures are divided by 255 already.
                vars(module)["normalize_images"] = False
        return _fitting(SB3Policy(model), family, str(path))
    raise PolicyError(f"{path}: stable-baselines3 cannot load it: {reason}")


def _program(path: Path, family: Family, trust: bool) -> Policy:
    if not trust:
        raise PolicyError(
            f"{path}: is a program, which runs when it plays: if you trust its author, say "
            f"--trust {path}"
        )
    try:
        module: Any
        if path.suffix == ".pt2":
            module = torch.export.load(path).module()
        else:
            module = torch.jit.load(path, map_location="cpu")  # type: ignore[no-untyped-call]
    except Exception as error:
        raise PolicyError(
            f"{path}: torch cannot load it: {' '.join(str(error).split())[:200]}"
        ) from None
    return _fitting(NetworkPolicy(module, softmax=True), family, str(path))
