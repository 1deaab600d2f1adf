"""Weights and settings of policies as older versions of stable-baselines3 saved them.

Before 1.7, features extractors of actor and critic had no names of their own
(https://github.com/DLR-RM/stable-baselines3/issues/1233), and ARS squashed what it was told not to;
before 1.8, actor and critic could share layers, ``net_arch=[64, dict(pi=[32], vf=[32])]``.
"""

from collections.abc import Collection, Mapping
from typing import Any

import torch

SHARED = "mlp_extractor.shared_net."
#: Present beginnings of names, and what they were.
RENAMED = {
    "pi_features_extractor.": "features_extractor.",
    "vf_features_extractor.": "features_extractor.",
    "action_net.0.": "action_net.",  # of ARS's linear policy, before sb3-contrib 1.7
}


def without_shared_layers(
    kwargs: Mapping[str, Any], weights: Mapping[str, torch.Tensor]
) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    """Give actor and critic a copy each of the layers that they share; the actions are the same.

    Args:
        kwargs: Keyword arguments of the policy.
        weights: Its weights, by name.
    """
    arch = kwargs.get("net_arch")
    has_shared = any(name.startswith(SHARED) for name in weights)
    dicts = [layer for layer in arch if isinstance(layer, dict)] if isinstance(arch, list) else []
    if not isinstance(arch, list) or not (has_shared or dicts):
        return dict(kwargs), dict(weights)
    shared = arch[: arch.index(dicts[0])] if dicts else arch
    own = dicts[0] if dicts else {}
    split = {name: [*shared, *own.get(name, [])] for name in ("pi", "vf")}
    split_weights: dict[str, torch.Tensor] = {}
    for name, weight in weights.items():
        for net in ("policy_net", "value_net"):
            prefix = f"mlp_extractor.{net}."
            if name.startswith(SHARED):
                split_weights[prefix + name.removeprefix(SHARED)] = weight
            elif name.startswith(prefix):
                number, dot, rest = name.removeprefix(prefix).partition(".")
                # Each layer is followed by an activation.
                split_weights[f"{prefix}{int(number) + 2 * len(shared)}{dot}{rest}"] = weight
        if not name.startswith("mlp_extractor."):
            split_weights[name] = weight
    return dict(kwargs) | {"net_arch": split}, split_weights


def renamed(weights: Mapping[str, torch.Tensor], names: Collection[str]) -> dict[str, torch.Tensor]:
    """Weights under their present names.

    Args:
        weights: By name.
        names: Those of the policy as it is built today.
    """
    present = dict(weights)
    for name in names:
        for now, before in RENAMED.items():
            old = before + name.removeprefix(now)
            if name not in weights and name.startswith(now) and old in weights:
                present[name] = weights[old]
                if old not in names:
                    present.pop(old, None)
    return present


def gone(kwargs: Mapping[str, Any], policy: str, version: str) -> str | None:
    """What a policy was, and no policy of the present version is; None if that is nothing.

    Args:
        kwargs: Its keyword arguments.
        policy: The name of its class.
        version: The version of stable-baselines3 that saved it.
    """
    if kwargs.get("sde_net_arch") is not None:
        return "the noise of its gSDE has a network of its own (sde_net_arch, before 1.8)"
    numbers = [int(n) for n in version.split(".")[:2] if n.isdecimal()]
    if policy == "ARSPolicy" and kwargs.get("squash_output") is False and numbers < [1, 7]:
        return "its outputs are squashed and not scaled (squash_output=False of ARS before 1.7)"
    return None
