"""Policies with continuous actions from the weights in stable-baselines3 zips."""

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
from rlgen.policies import box_policy
from rlgen.policies.box_policy import BoxPolicy
from rlgen.policies.sb3 import zips
from rlgen.policies.sb3.renormed import Still
from rlgen.policies.sb3.zips import Zip

#: Added to variances in gSDE before taking the root.
EPSILON = 1e-6


class Anatomy(NamedTuple):
    """Where an algorithm stores its policy.

    Attributes:
        stem: Name of its dense layers.
        head: Name of the layer of means; "" is the last dense layer.
        before: Prefix of its features extractor.
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
        log_std: ``(features, D)``, or ``(features, 1)`` for all entries of an action alike.
        size: ``D``, the number of entries of an action.
    """

    def __init__(self, log_std: torch.Tensor, size: int) -> None:
        super().__init__()
        self.variance = nn.Parameter(log_std.exp().square().expand(-1, size))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Logarithms of standard deviations, ``(B, D)``."""
        return (features.square() @ self.variance + EPSILON).log() / 2


def policy(path: Path, space: gym.spaces.Box, box: gym.spaces.Box) -> BoxPolicy:
    """Load the policy of PPO, A2C, SAC, TD3, DDPG, or sb3-contrib's TRPO, TQC, CrossQ or ARS.

    Args:
        path: The zip.
        space: The space of the observations that it will be given.
        box: The action space of the family; also the zip's own where it does not say.

    Raises:
        PolicyError: If it does not fit, or cannot be loaded without unpickling.
    """
    archive = zips.read(path)
    kwargs = archive.data.get("policy_kwargs") or {}
    if (archive.data.get("action_space") or {}).get("n") is not None:
        raise PolicyError(f"{path}: its actions are discrete, not continuous")
    if any("lstm" in name for name in archive.weights):
        raise PolicyError(
            f"{path}: its policy has a memory, which is not supported with continuous actions"
        )
    where = _anatomy(archive, kwargs)
    zips.check_names(archive)
    still = _renormed(archive, kwargs, where.stem)
    _check_parts(archive, {where.stem, where.head} - {""})
    _check_box(archive, box)
    activation = zips.activation(archive, kwargs, where.activation)
    modules = zips.extractor(archive, where.before, space)
    dense = zips.dense(archive.weights, where.stem)
    means = zips.dense(archive.weights, where.head) if where.head else [dense.pop()]
    mean: nn.Module = means[0]
    if still and len(still) != len(dense) + 1:
        raise archive.needs_trust("its renormalisations are not those of CrossQ")
    for i, layer in enumerate(dense):
        modules += [*still[i : i + 1], layer, activation()]
    modules += still[-1:]
    log_std = _log_std(archive, kwargs, means[0].out_features)
    if isinstance(log_std, Spread) and where.before == "actor.":
        # SAC clips its means where it explores by gSDE.
        most = float(kwargs.get("clip_mean", 2.0))
        mean = nn.Sequential(mean, nn.Hardtanh(-most, most)) if most > 0 else mean
    trunk, head = nn.Sequential(*modules), BoxHead(mean, log_std)
    return box_policy.of_layers(trunk, head, box, squashed=where.squashed)


def _anatomy(archive: Zip, kwargs: Mapping[str, Any]) -> Anatomy:
    """Where the zip's algorithm stores its policy."""
    names = set(archive.weights)
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
    raise archive.needs_trust(
        "it holds no policy with continuous actions of PPO, A2C, TRPO, SAC, TQC, CrossQ, TD3, "
        "DDPG or ARS"
    )


def _renormed(archive: Zip, kwargs: Mapping[str, Any], stem: str) -> list[nn.Module]:
    """CrossQ's renormalisations: one before each dense layer, and one after the last."""
    pattern = re.compile(rf"{re.escape(stem)}\.(\d+)\.ra_mean")
    places = [int(match[1]) for name in archive.weights if (match := pattern.fullmatch(name))]
    eps, still = kwargs.get("batch_norm_eps", 0.001), list[nn.Module]()
    for place in sorted(places):
        names = {name: f"{stem}.{place}.{name}" for name in ("ra_mean", "ra_var", "scale", "bias")}
        try:
            still.append(Still({k: archive.weights[name] for k, name in names.items()}, float(eps)))
        except (KeyError, TypeError, ValueError, RuntimeError):
            raise archive.needs_trust("its renormalisations are not those of sb3-contrib") from None
    return still


def _log_std(archive: Zip, kwargs: Mapping[str, Any], size: int) -> nn.Parameter | nn.Module | None:
    """The source of the zip's standard deviations; None where actions are not drawn."""
    layer = zips.dense(archive.weights, "actor.log_std")
    if layer:
        return layer[0]
    weight = archive.weights.get("log_std", archive.weights.get("actor.log_std"))
    if weight is None:
        return None
    if weight.dim() == 1:
        return nn.Parameter(weight)
    if kwargs.get("use_expln"):
        raise archive.needs_trust("its policy has the setting 'use_expln'")
    return Spread(weight, size)


def _check_parts(archive: Zip, stems: Collection[str]) -> None:
    """Refuse networks with anything but dense layers."""
    for stem in stems:
        for name, weight in archive.weights.items():
            if not name.startswith(f"{stem}."):
                continue
            match = re.fullmatch(rf"{re.escape(stem)}(\.\d+)?\.(weight|bias)", name)
            if f"{name.rpartition('.')[0]}.ra_mean" in archive.weights:
                continue
            if match is None or weight.dim() != (2 if match[2] == "weight" else 1):
                raise archive.needs_trust(
                    f"its network has a part that is not a dense layer, {name}"
                )


def _check_box(archive: Zip, box: gym.spaces.Box) -> None:
    """Refuse actions of another shape, or with other bounds, than the family's."""
    space = archive.data.get("action_space") or {}
    shape = space.get("_shape")
    if shape is not None and tuple(shape) != box.shape:
        raise PolicyError(
            f"{archive.path}: its actions have shape {tuple(shape)}, and here they have {box.shape}"
        )
    for name, edge in (("low", box.low), ("high", box.high)):
        numbers = _numbers(space.get(name))
        if numbers.size == edge.size and not np.allclose(numbers, edge.ravel(), rtol=1e-5):
            raise PolicyError(
                f"{archive.path}: its actions have other bounds than here: {name} is "
                f"{_short(numbers)}, here {_short(edge.ravel())}"
            )


def _numbers(text: Any) -> np.ndarray[Any, Any]:
    """The numbers in the text of an array; none where the text leaves some out."""
    if not isinstance(text, str) or "..." in text:
        return np.empty(0)
    numbers = re.findall(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?", text)
    return np.array(numbers, dtype=np.float64)


def _short(numbers: np.ndarray[Any, Any]) -> str:
    first = ", ".join(f"{x:g}" for x in numbers[:4])
    return first if len(numbers) <= 4 else f"{first}, ..."
