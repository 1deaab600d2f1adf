"""Torch networks as policies with discrete actions."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from rlgen.errors import PolicyError
from rlgen.networks import inference
from rlgen.networks.trunk import Trunk
from rlgen.policies.base import Probabilities
from rlgen.policies.layered import Layered, MakeLayered
from rlgen.policies.spec import PolicySpec, RecurrentSpec
from rlgen.policies.torch_policy import State, Step, TorchPolicy

#: A torch module, or a function that calls one.
Forward = Callable[[torch.Tensor], torch.Tensor]


class NetworkPolicy(TorchPolicy):
    """Action probabilities of a torch network.

    Args:
        step: See ``TorchPolicy``; its output are probabilities, float64 ``(B, A)``.
        parts: See ``TorchPolicy``.
        stochastic: As there.
        lstm: As there.
        spec: Describes a network that was trained here.
        layered: Makes what ``layered`` returns, where that can be made.
    """

    def __init__(
        self,
        step: Step,
        parts: Mapping[str, nn.Module],
        *,
        stochastic: bool,
        lstm: nn.LSTM | None = None,
        spec: PolicySpec | None = None,
        layered: MakeLayered | None = None,
    ) -> None:
        super().__init__(step, parts, stochastic=stochastic, lstm=lstm)
        self.spec, self._layered = spec, layered

    def distribution(
        self, observations: NDArray[Any], state: State | None
    ) -> tuple[Probabilities, State | None]:
        """See ``Categorical.distribution``."""
        parts, after = self.stepped(observations, state)
        return np.concatenate([part.cpu().numpy() for part in parts]), after

    def layered(self) -> Layered:
        """See ``Differentiable``."""
        if self._layered is None:
            raise PolicyError("is a program, whose network cannot be looked into")
        return self._layered()


def of_layers(
    trunk: nn.Module, head: nn.Module, lstm: nn.LSTM | None = None, *, softmax: bool
) -> NetworkPolicy:
    """The policy of a trunk, perhaps an LSTM, and a head.

    Args:
        trunk: From observations ``(B, *shape)`` to features.
        head: From features, or what the LSTM makes of them, to scores ``(B, A)``.
        lstm: From features to ``(B, size)``, a step at a time.
        softmax: Whether scores are logits; otherwise they are action values, and the policy is
            greedy. The softmax is taken in float64.
    """
    device = inference.device_of(trunk, head)

    def step(observations: NDArray[Any], state: State | None) -> tuple[torch.Tensor, State | None]:
        features = trunk(torch.from_numpy(np.ascontiguousarray(observations)).to(device))
        if lstm is not None:
            sequence, state = lstm(features[None], state)
            features = sequence[0]
        return inference.probabilities(head(features), softmax=softmax), state

    parts = {"trunk": trunk, "lstm": lstm, "head": head}
    own = {name: part for name, part in parts.items() if part is not None}

    def layered() -> Layered:
        plain = trunk.plain() if isinstance(trunk, Trunk) else deepcopy(trunk)
        return Layered(nn.Identity(), plain, deepcopy(head), softmax, deepcopy(lstm))

    return NetworkPolicy(step, own, stochastic=softmax, lstm=lstm, layered=layered)


def trained(
    spec: PolicySpec, trunk: nn.Module, head: nn.Module, lstm: nn.LSTM | None = None
) -> NetworkPolicy:
    """The policy of a network that is trained here, see ``of_layers``."""
    assert (lstm is not None) == isinstance(spec, RecurrentSpec)
    policy = of_layers(trunk, head, lstm, softmax=spec.head == "softmax")
    policy.spec, policy.masked = spec, spec.masked
    return policy


def of_module(module: Forward, *, softmax: bool) -> NetworkPolicy:
    """The policy of one module.

    Args:
        module: From float32 ``(B, *observation shape)`` to scores ``(B, A)``.
        softmax: See ``of_layers``.
    """
    scores = evaluated(module)

    def step(observations: NDArray[Any], state: State | None) -> tuple[torch.Tensor, State | None]:
        inputs = torch.from_numpy(np.ascontiguousarray(observations)).float()
        return inference.probabilities(scores(inputs), softmax=softmax), state

    return NetworkPolicy(step, {}, stochastic=softmax)


def acting(module: Forward) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """A module that returns actions, as a function of numpy arrays ``(B, ...)``."""
    played = evaluated(module)

    def act(observations: NDArray[Any]) -> NDArray[Any]:
        parts = []
        with torch.inference_mode():
            for rows in inference.batches(len(observations)):
                part = torch.from_numpy(np.ascontiguousarray(observations[rows]))
                parts.append(played(part.float()))
        out: NDArray[Any] = torch.cat(parts).numpy()
        return out

    return act


def evaluated(module: Forward) -> Forward:
    """The module in evaluation mode; an exported program has no modes."""
    try:
        return module.eval() if isinstance(module, nn.Module) else module
    except NotImplementedError:
        return module
