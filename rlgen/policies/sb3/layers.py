"""The networks of stable-baselines3's and sb3-contrib's discrete policies, taken apart."""

from copy import deepcopy
from typing import Any

import torch
from torch import nn

from rlgen.errors import PolicyError
from rlgen.networks.trunk import TrunkExtractor
from rlgen.policies.layered import Layered
from rlgen.policies.sb3.observations import Converter


class _Quantiles(nn.Module):
    """The mean of an action's quantiles, which QRDQN acts by."""

    def __init__(self, layer: nn.Module, n_quantiles: int) -> None:
        super().__init__()
        self.layer, self._n = layer, n_quantiles

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        quantiles: torch.Tensor = self.layer(features)
        return quantiles.reshape(len(quantiles), self._n, -1).mean(dim=1)


def of_policy(policy: Any, convert: Converter) -> Layered:
    """A copy of a policy's network.

    Args:
        policy: Of a class of stable-baselines3 or sb3-contrib, or derived from one.
        convert: From a family's observations to the policy's.

    Raises:
        PolicyError: If it is built as none of these.
    """
    inputs = convert.module(normalises=bool(policy.normalize_images))
    if hasattr(policy, "action_net") and hasattr(policy, "mlp_extractor"):
        first = policy.pi_features_extractor
        dense, head, softmax = policy.mlp_extractor.policy_net, policy.action_net, True
    elif hasattr(policy, "q_net"):
        own = policy.q_net
        first, (*dense, head), softmax = own.features_extractor, own.q_net, False
    elif hasattr(policy, "quantile_net"):
        own = policy.quantile_net
        first, (*dense, last), softmax = own.features_extractor, own.quantile_net, False
        head = _Quantiles(last, own.n_quantiles)
    elif hasattr(policy, "action_net"):  # ARS
        first, (*dense, head), softmax = policy.features_extractor, policy.action_net, False
    else:
        raise PolicyError(f"is a {type(policy).__name__}, whose network cannot be taken apart")
    extractor = first.layers.plain() if isinstance(first, TrunkExtractor) else first
    trunk = nn.Sequential(extractor, *dense)
    lstm = getattr(policy, "lstm_actor", None)
    if lstm is not None:
        # Here the LSTM stands before the dense layers.
        trunk, head = nn.Sequential(extractor), nn.Sequential(*dense, head)
    copied = deepcopy((trunk, head, lstm))
    return Layered(inputs, copied[0], copied[1], softmax, copied[2])
