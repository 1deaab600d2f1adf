"""Policies with an LSTM, whose state is the memory of an episode."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from rlgen.networks import inference
from rlgen.networks.trunk import Trunk
from rlgen.policies.base import Policy
from rlgen.policies.torch_policy import PolicySpec

#: Hidden state and cell state, each float32 ``(layers, B, size)``.
State = tuple[torch.Tensor, torch.Tensor]


class LSTMPolicy(Policy):
    """A policy whose memory is the state of an LSTM, zero at the start of an episode.

    Args:
        lstm: The LSTM.
        network: The modules to switch from training to evaluation while it acts.
    """

    memoryless = False

    def __init__(self, lstm: nn.LSTM, *network: nn.Module) -> None:
        self._lstm, self._network = lstm, network
        self._device = next(lstm.parameters()).device

    @abstractmethod
    def step(self, observations: NDArray[Any], state: State) -> tuple[torch.Tensor, State]:
        """Probabilities ``(B, A)`` and the new state, for one batch of episodes."""

    def start(self, n: int) -> State:
        """See ``Policy.start``."""
        shape = (self._lstm.num_layers, n, self._lstm.hidden_size)
        return torch.zeros(shape, device=self._device), torch.zeros(shape, device=self._device)

    def act(self, observations: NDArray[Any], memory: State) -> tuple[NDArray[np.float64], State]:
        """See ``Policy.act``."""
        parts, states = [], []
        with inference.playing(*self._network):
            for rows in inference.batches(len(observations), self._device):
                hidden, cell = (tensor[:, rows].contiguous() for tensor in memory)
                probabilities, state = self.step(observations[rows], (hidden, cell))
                parts.append(probabilities.cpu().numpy())
                states.append(state)
        hidden, cell = (torch.cat(tensors, dim=1) for tensors in zip(*states, strict=True))
        return np.concatenate(parts), (hidden, cell)


class LSTMNetworkPolicy(LSTMPolicy):
    """Action probabilities of a torch module, an LSTM and a head.

    Args:
        trunk: From observations ``(B, *shape)`` to features.
        lstm: From features to ``(B, size)``, a step at a time.
        head: From these to scores ``(B, A)``.
        softmax: Whether scores are logits; otherwise they are action values, and the policy is
            greedy.
    """

    def __init__(self, trunk: nn.Module, lstm: nn.LSTM, head: nn.Module, *, softmax: bool) -> None:
        super().__init__(lstm, trunk, lstm, head)
        self.stochastic = softmax
        self._trunk, self._head = trunk, head

    def step(self, observations: NDArray[Any], state: State) -> tuple[torch.Tensor, State]:
        """See ``LSTMPolicy.step``; the softmax is taken in float64."""
        inputs = torch.from_numpy(np.ascontiguousarray(observations)).to(self._device)
        features, after = self._lstm(self._trunk(inputs)[None], state)
        return inference.probabilities(self._head(features[0]), softmax=self.stochastic), after


@dataclass(frozen=True)
class RecurrentSpec(PolicySpec):
    """The specification of a network with an LSTM between trunk and head.

    Attributes:
        lstm_hidden_size: Units of each layer of the LSTM.
        n_lstm_layers: Number of its layers.
    """

    lstm_hidden_size: int
    n_lstm_layers: int


class RecurrentPolicy(LSTMNetworkPolicy):
    """Action probabilities of a trunk, an LSTM and a linear head.

    Args:
        spec: Describes the network.
        trunk: From observations to features.
        lstm: From features to ``(B, lstm_hidden_size)``, a step at a time.
        head: From these to ``(B, n_actions)``.
    """

    def __init__(self, spec: RecurrentSpec, trunk: Trunk, lstm: nn.LSTM, head: nn.Module) -> None:
        super().__init__(trunk, lstm, head, softmax=spec.head == "softmax")
        self.spec = spec

    @property
    def parts(self) -> Mapping[str, nn.Module]:
        """Its modules, by the names that their weights have in a checkpoint."""
        return {"trunk": self._trunk, "lstm": self._lstm, "head": self._head}
