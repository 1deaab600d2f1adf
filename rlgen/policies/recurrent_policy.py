"""Networks with an LSTM as policies: its state is the memory of an episode."""

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

#: Hidden and cell state, float32 ``(layers, B, size)`` each.
State = tuple[torch.Tensor, torch.Tensor]


class LSTMPolicy(Policy):
    """A policy whose memory is the state of an LSTM; zeros begin an episode.

    Args:
        lstm: The LSTM.
        network: What it is part of, to be switched from learning to playing.
    """

    memoryless = False

    def __init__(self, lstm: nn.LSTM, *network: nn.Module) -> None:
        self._lstm, self._network = lstm, network
        self._device = next(lstm.parameters()).device

    @abstractmethod
    def step(self, observations: NDArray[Any], state: State) -> tuple[torch.Tensor, State]:
        """Probabilities ``(B, A)`` and the new state, of few enough episodes."""

    def start(self, n: int) -> State:
        """See ``Policy.start``."""
        shape = (self._lstm.num_layers, n, self._lstm.hidden_size)
        return torch.zeros(shape, device=self._device), torch.zeros(shape, device=self._device)

    def act(self, observations: NDArray[Any], memory: State) -> tuple[NDArray[np.float64], State]:
        """See ``Policy.act``."""
        told, states = [], []
        with inference.playing(*self._network):
            for rows in inference.batches(len(observations), self._device):
                hidden, cell = (part[:, rows].contiguous() for part in memory)
                probabilities, state = self.step(observations[rows], (hidden, cell))
                told.append(probabilities.cpu().numpy())
                states.append(state)
        hidden, cell = (torch.cat(parts, dim=1) for parts in zip(*states, strict=True))
        return np.concatenate(told), (hidden, cell)


class LSTMNetworkPolicy(LSTMPolicy):
    """Action probabilities of any layers, an LSTM and further layers.

    Args:
        trunk: Observations ``(B, *shape)`` to features.
        lstm: Features to ``(B, size)``, a step at a time.
        head: These to scores ``(B, A)``.
        softmax: Whether scores are logits; else action values, of which the best is taken.
    """

    def __init__(self, trunk: nn.Module, lstm: nn.LSTM, head: nn.Module, *, softmax: bool) -> None:
        super().__init__(lstm, trunk, lstm, head)
        self.stochastic = softmax
        self._trunk, self._head = trunk, head

    def step(self, observations: NDArray[Any], state: State) -> tuple[torch.Tensor, State]:
        """See ``LSTMPolicy.step``; the softmax is taken in float64."""
        seen = torch.from_numpy(np.ascontiguousarray(observations)).to(self._device)
        features, after = self._lstm(self._trunk(seen)[None], state)
        return inference.probabilities(self._head(features[0]), softmax=self.stochastic), after


@dataclass(frozen=True)
class RecurrentSpec(PolicySpec):
    """The same with an LSTM between trunk and head.

    Attributes:
        lstm_hidden_size: Units of each of its layers.
        n_lstm_layers: Number of layers.
    """

    lstm_hidden_size: int
    n_lstm_layers: int


class RecurrentPolicy(LSTMNetworkPolicy):
    """Action probabilities of a trunk, an LSTM and a linear head.

    Args:
        spec: What the network is.
        trunk: Observations to features.
        lstm: Features to ``(B, lstm_hidden_size)``, a step at a time.
        head: These to ``(B, n_actions)``.
    """

    def __init__(self, spec: RecurrentSpec, trunk: Trunk, lstm: nn.LSTM, head: nn.Module) -> None:
        super().__init__(trunk, lstm, head, softmax=spec.head == "softmax")
        self.spec = spec

    @property
    def parts(self) -> Mapping[str, nn.Module]:
        """Its modules, by the names that their weights have in a checkpoint."""
        return {"trunk": self._trunk, "lstm": self._lstm, "head": self._head}
