"""What policies of torch networks share: batches, devices, and the state of an LSTM."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from numpy.typing import NDArray
from torch import nn

from rlgen.networks import inference
from rlgen.policies.base import Policy

#: Hidden state and cell state of an LSTM, each float32 ``(layers, B, size)``.
State = tuple[torch.Tensor, torch.Tensor]
#: One step of a batch of episodes: from observations ``(B, ...)`` and state to outputs of the
#: network and the new state.
Step = Callable[[NDArray[Any], State | None], tuple[Any, State | None]]


class TorchPolicy(Policy):
    """A policy of a torch network, whose weights may still be learning.

    Args:
        step: Runs the network on a batch of moderate size.
        parts: Its modules, by the names that their weights have in a checkpoint; they are switched
            from training to evaluation while it acts.
        stochastic: Whether actions are drawn; otherwise the policy is greedy.
        lstm: The LSTM among them, whose state, zero at the start of an episode, is the policy's.
    """

    def __init__(
        self, step: Step, parts: Mapping[str, nn.Module], *, stochastic: bool, lstm: nn.LSTM | None
    ) -> None:
        self.parts, self.stochastic = parts, stochastic
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

    def stepped(
        self, observations: NDArray[Any], state: State | None
    ) -> tuple[list[Any], State | None]:
        """The network's outputs, batch by batch, and the new state."""
        outputs: list[Any] = []
        states: list[State] = []
        with inference.playing(*self.parts.values()):
            for rows in inference.batches(len(observations), self._device):
                before = None
                if state is not None:
                    before = state[0][:, rows].contiguous(), state[1][:, rows].contiguous()
                output, after = self._step(observations[rows], before)
                outputs.append(output)
                if after is not None:
                    states.append(after)
        if not states:
            return outputs, None
        hidden, cell = (torch.cat(tensors, dim=1) for tensors in zip(*states, strict=True))
        return outputs, (hidden, cell)
