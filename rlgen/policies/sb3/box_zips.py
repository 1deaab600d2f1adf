"""The policy in a stable-baselines3 zip whose actions are vectors, without unpickling."""

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np
import torch
from torch import nn

from rlgen.errors import PolicyError
from rlgen.networks.box_head import BoxHead
from rlgen.policies.box_policy import ContinuousNetworkPolicy
from rlgen.policies.sb3 import zips
from rlgen.policies.sb3.renormed import Still
from rlgen.policies.sb3.zips import Zip

#: What is added to a variance before its root is taken, in gSDE.
EPSILON = 1e-6


class Anatomy(NamedTuple):
    """Where an algorithm keeps its policy.

    Attributes:
        stem: What its dense layers are called.
        head: What the layer of its means is called; "" is the last dense one.
        before: What the name of its features extractor begins with.
        squashed: Whether means are squashed into the box.
        activation: Between its dense layers, where the zip does not say.
    """

    stem: str
    head: str
    before: str
    squashed: bool
    activation: type[nn.Module] = nn.ReLU


class Spread(nn.Module):
    """Standard deviations of gSDE (Raffin et al. 2021), whose noise is drawn anew at each step.

    Args:
        log_std: ``(features, D)``, or ``(features, 1)`` for all numbers of an action alike.
        size: D.
    """

    def __init__(self, log_std: torch.Tensor, size: int) -> None:
        super().__init__()
        self.variance = nn.Parameter(log_std.exp().square().expand(-1, size))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Logarithms of standard deviations, ``(B, D)``."""
        return (features.square() @ self.variance + EPSILON).log() / 2


def policy(path: Path, space: gym.spaces.Box, box: gym.spaces.Box) -> ContinuousNetworkPolicy:
    """The policy of PPO, A2C, SAC, TD3, DDPG, and of sb3-contrib's TRPO, TQC, CrossQ and ARS.

    Args:
        path: The zip.
        space: Of the observations of what is to be played.
        box: The actions of what is to be played, as which the zip's own are taken where it does not
            tell them.

    Raises:
        PolicyError: Saying what is wrong, or what only a pickle would tell.
    """
    told = zips.read(path)
    kwargs = told.data.get("policy_kwargs") or {}
    if (told.data.get("action_space") or {}).get("n") is not None:
        raise PolicyError(f"{path}: its actions are discrete, not vectors of numbers")
    if any("lstm" in name for name in told.weights):
        raise PolicyError(f"{path}: its policy has a memory, which cannot be played with vectors")
    where = _anatomy(told, kwargs)
    zips.check_names(told)
    still = _renormed(told, kwargs, where.stem)
    _check_parts(told, {where.stem, where.head} - {""})
    _check_box(told, box)
    activation = zips.activation(told, kwargs, where.activation)
    modules = zips.extractor(told, where.before, space)
    dense = zips.dense(told.weights, where.stem)
    means = zips.dense(told.weights, where.head) if where.head else [dense.pop()]
    mean: nn.Module = means[0]
    if still and len(still) != len(dense) + 1:
        raise told.needs_trust("its renormalisations are not those of CrossQ")
    for i, layer in enumerate(dense):
        modules += [*still[i : i + 1], layer, activation()]
    modules += still[-1:]
    log_std = _log_std(told, kwargs, means[0].out_features)
    if isinstance(log_std, Spread) and where.before == "actor.":
        # SAC's means are kept from growing where gSDE draws.
        most = float(kwargs.get("clip_mean", 2.0))
        mean = nn.Sequential(mean, nn.Hardtanh(-most, most)) if most > 0 else mean
    trunk, head = nn.Sequential(*modules), BoxHead(mean, log_std)
    return ContinuousNetworkPolicy(trunk, head, box, squashed=where.squashed)


def _anatomy(told: Zip, kwargs: Mapping[str, Any]) -> Anatomy:
    """Where the zip's algorithm keeps its policy."""
    names = set(told.weights)
    if {"action_net.weight", "log_std"} <= names:
        stem, squashed = "mlp_extractor.policy_net", bool(kwargs.get("squash_output", False))
        return Anatomy(stem, "action_net", zips.features(names, stem), squashed, nn.Tanh)
    if "action_net.0.weight" in names:
        # ARS squashes by default, but for its linear policy, which has no bias.
        squashed = bool(kwargs.get("squash_output", "action_net.0.bias" in names))
        return Anatomy("action_net", "", "", squashed)
    if {"actor.log_std", "actor.log_std.weight"} & names:
        return Anatomy("actor.latent_pi", "actor.mu", "actor.", True)
    if "actor.mu.0.weight" in names:
        return Anatomy("actor.mu", "", "actor.", True)
    raise told.needs_trust(
        "it holds no policy with continuous actions of PPO, A2C, TRPO, SAC, TQC, CrossQ, TD3, "
        "DDPG or ARS"
    )


def _renormed(told: Zip, kwargs: Mapping[str, Any], stem: str) -> list[nn.Module]:
    """CrossQ's renormalisations: before each dense layer, and one behind the last."""
    pattern = re.compile(rf"{re.escape(stem)}\.(\d+)\.ra_mean")
    places = [int(found[1]) for name in told.weights if (found := pattern.fullmatch(name))]
    eps, still = kwargs.get("batch_norm_eps", 0.001), list[nn.Module]()
    for place in sorted(places):
        names = {name: f"{stem}.{place}.{name}" for name in ("ra_mean", "ra_var", "scale", "bias")}
        try:
            still.append(Still({k: told.weights[name] for k, name in names.items()}, float(eps)))
        except (KeyError, TypeError, ValueError, RuntimeError):
            raise told.needs_trust("its renormalisations are not those of sb3-contrib") from None
    return still


def _log_std(told: Zip, kwargs: Mapping[str, Any], size: int) -> nn.Parameter | nn.Module | None:
    """Where the zip's standard deviations come from; None where nothing is drawn."""
    layer = zips.dense(told.weights, "actor.log_std")
    if layer:
        return layer[0]
    weight = told.weights.get("log_std", told.weights.get("actor.log_std"))
    if weight is None:
        return None
    if weight.dim() == 1:
        return nn.Parameter(weight)
    if kwargs.get("use_expln"):
        raise told.needs_trust("its policy has the setting 'use_expln'")
    return Spread(weight, size)


def _check_parts(told: Zip, stems: Collection[str]) -> None:
    """Refuse networks that have more than dense layers."""
    for stem in stems:
        for name, weight in told.weights.items():
            if not name.startswith(f"{stem}."):
                continue
            known = re.fullmatch(rf"{re.escape(stem)}(\.\d+)?\.(weight|bias)", name)
            if f"{name.rpartition('.')[0]}.ra_mean" in told.weights:
                continue
            if known is None or weight.dim() != (2 if known[2] == "weight" else 1):
                raise told.needs_trust(f"its network has a part that is no dense layer, {name}")


def _check_box(told: Zip, box: gym.spaces.Box) -> None:
    """Refuse actions that are not the family's: they were scaled otherwise."""
    space = told.data.get("action_space") or {}
    shape = space.get("_shape")
    if shape is not None and tuple(shape) != box.shape:
        raise PolicyError(
            f"{told.path}: its actions have shape {tuple(shape)}, and here they have {box.shape}"
        )
    for name, edge in (("low", box.low), ("high", box.high)):
        numbers = _numbers(space.get(name))
        if numbers.size == edge.size and not np.allclose(numbers, edge.ravel(), rtol=1e-5):
            raise PolicyError(
                f"{told.path}: its actions have other bounds than here: {name} is "
                f"{_short(numbers)}, here {_short(edge.ravel())}"
            )


def _numbers(text: Any) -> np.ndarray[Any, Any]:
    """The numbers in an array's text; none where that leaves some out."""
    if not isinstance(text, str) or "..." in text:
        return np.empty(0)
    found = re.findall(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?", text)
    return np.array(found, dtype=np.float64)


def _short(numbers: np.ndarray[Any, Any]) -> str:
    shown = ", ".join(f"{x:g}" for x in numbers[:4])
    return shown if len(numbers) <= 4 else f"{shown}, ..."
