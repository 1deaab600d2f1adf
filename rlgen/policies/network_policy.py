"""Torch networks as policies with discrete actions."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from rlgen.networks import inference
from rlgen.policies.base import Policy, Probabilities
from rlgen.policies.spec import PolicySpec, RecurrentSpec

#: A torch module, or a function that calls one.
Forward = Callable[[torch.Tensor], torch.Tensor]
#: Hidden state and cell state of an LSTM, each float32 ``(layers, B, size)``.
State = tuple[torch.Tensor, torch.Tensor]
#: One step of a batch of episodes: from observations ``(B, ...)`` and state to probabilities,
#: float64 ``(B, A)``, and the new state.
Step = Callable[[NDArray[Any], State | None], tuple[torch.Tensor, State | None]]


class NetworkPolicy(Policy):
    """Action probabilities of a torch network, whose weights may still be learning.

    Args:
        step: Runs the network on a batch of moderate size.
        parts: Its modules, by the names that their weights have in a checkpoint; they are switched
            from training to evaluation while it acts.
        stochastic: Whether actions are drawn; otherwise the policy is greedy.
        lstm: The LSTM among them, whose state, zero at the start of an episode, is the policy's.
        spec: Describes a network that was trained here.
    """

    def __init__(
        self,
        step: Step,
        parts: Mapping[str, nn.Module],
        *,
        stochastic: bool,
        lstm: nn.LSTM | None = None,
        spec: PolicySpec | None = None,
    ) -> None:
        self.parts, self.stochastic, self.spec = parts, stochastic, spec
        self._step, self._lstm = step, lstm
        self._device = inference.device_of(*parts.values())

    @property
    def memoryless(self) -> bool:
        """See ``Policy.memoryless``."""
        return self._lstm is None

    def start(self, n: int) -> State | None:
        """See ``Policy.start``."""
        if self._lstm is None:
            return None
        shape = (self._lstm.num_layers, n, self._lstm.hidden_size)
        return torch.zeros(shape, device=self._device), torch.zeros(shape, device=self._device)

    def distribution(
        self, observations: NDArray[Any], state: State | None
    ) -> tuple[Probabilities, State | None]:
        """See ``Categorical.distribution``."""
        out: list[NDArray[np.float64]] = []
        states: list[State] = []
        with inference.playing(*self.parts.values()):
            for rows in inference.batches(len(observations), self._device):
                before = None
                if state is not None:
                    before = state[0][:, rows].contiguous(), state[1][:, rows].contiguous()
                probabilities, after = self._step(observations[rows], before)
                out.append(probabilities.cpu().numpy())
                if after is not None:
                    states.append(after)
        if not states:
            return np.concatenate(out), None
        hidden, cell = (torch.cat(tensors, dim=1) for tensors in zip(*states, strict=True))
        return np.concatenate(out), (hidden, cell)


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
    return NetworkPolicy(step, own, stochastic=softmax, lstm=lstm)


def trained(
    spec: PolicySpec, trunk: nn.Module, head: nn.Module, lstm: nn.LSTM | None = None
) -> NetworkPolicy:
    """The policy of a network that is trained here, see ``of_layers``."""
    assert (lstm is not None) == isinstance(spec, RecurrentSpec)
    policy = of_layers(trunk, head, lstm, softmax=spec.head == "softmax")
    policy.spec = spec
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
