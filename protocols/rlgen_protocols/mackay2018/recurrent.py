"""Recurrent networks of whole sequences, by name: what the experiments compare."""

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812  # as everywhere in torch

from rlgen.errors import ProtocolError, nearest
from rlgen_protocols.mackay2018 import memory
from rlgen_protocols.mackay2018.cells import CELLS, ReversibleCell, State

#: Networks without reversal.
USUAL = ("gru", "feed-forward")


class Recurrent(nn.Module):
    """A network from sequences to what is read of its units, with a linear head.

    Args:
        inputs: Entries of an input.
        units: Of the hidden state, or of the layer of a network without one.
        outputs: Entries of an output.
    """

    def __init__(self, inputs: int, units: int, outputs: int) -> None:
        super().__init__()
        self.inputs, self.units = inputs, units
        self.head = nn.Linear(units, outputs)

    def start(self, n: int) -> State:
        """The state of ``n`` sequences before their first step."""
        raise NotImplementedError

    def run(
        self, inputs: torch.Tensor, state: State
    ) -> tuple[torch.Tensor, State, list[torch.Tensor]]:
        """Run over steps.

        Args:
            inputs: ``(T, B, inputs)``.
            state: Before them.

        Returns:
            Units ``(T, B, units)``, the state after, and the factors of each step by which units
            were multiplied, ``(B, width)`` each; none for a network that never forgets.
        """
        raise NotImplementedError

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Outputs ``(T, B, outputs)`` of whole sequences."""
        units, _, _ = self.run(inputs, self.start(inputs.shape[1]))
        out: torch.Tensor = self.head(units)
        return out


class Reversible(Recurrent):
    """A reversible cell, trained in floating-point numbers by backpropagation through time."""

    def __init__(self, cell: ReversibleCell, outputs: int) -> None:
        super().__init__(cell.inputs, 2 * cell.width, outputs)
        self.cell = cell

    def start(self, n: int) -> State:
        """See ``Recurrent``."""
        return self.cell.start(n)

    def run(
        self, inputs: torch.Tensor, state: State
    ) -> tuple[torch.Tensor, State, list[torch.Tensor]]:
        """See ``Recurrent``."""
        projected = [part.unbind() for part in self.cell.project(inputs)]
        units, factors = [], []
        for step in zip(*projected, strict=True):
            state, own = self.cell.step(step, state)
            units.append(self.cell.read(state))
            factors += own
        return torch.stack(units), state, factors


class GRU(Recurrent):
    """torch's GRU."""

    def __init__(self, inputs: int, units: int, outputs: int) -> None:
        super().__init__(inputs, units, outputs)
        self.gru = nn.GRU(inputs, units)

    def start(self, n: int) -> State:
        """See ``Recurrent``."""
        return (self.head.weight.new_zeros(n, self.units),)

    def run(
        self, inputs: torch.Tensor, state: State
    ) -> tuple[torch.Tensor, State, list[torch.Tensor]]:
        """See ``Recurrent``; the factors are its update gates."""
        units, last = self.gru(inputs, state[0][None])
        with torch.no_grad():
            before = torch.cat([state[0][None], units[:-1]])
            rows = slice(self.units, 2 * self.units)
            inward, onward, bias, more = (w[rows] for w in self.gru.all_weights[0])
            gates = F.linear(inputs, inward, bias) + F.linear(before, onward, more)
        return units, (last[0],), [torch.sigmoid(gates)]


class FeedForward(Recurrent):
    """One hidden layer and no memory."""

    def __init__(self, inputs: int, units: int, outputs: int) -> None:
        super().__init__(inputs, units, outputs)
        self.layer = nn.Linear(inputs, units)

    def start(self, n: int) -> State:
        """See ``Recurrent``: there is none, and ``n`` tensors without entries stand for it."""
        return (self.head.weight.new_zeros(n, 0),)

    def run(
        self, inputs: torch.Tensor, state: State
    ) -> tuple[torch.Tensor, State, list[torch.Tensor]]:
        """See ``Recurrent``."""
        return torch.tanh(self.layer(inputs)), state, []


def limit(model: str) -> float:
    """Most bits that each unit of a reversible model may forget in a step.

    Args:
        model: "no-forget"; or "revgru" and "revlstm", with a limit in bits as in "revgru:3".

    Raises:
        ProtocolError: If it is none of these.
    """
    kind, _, bits = model.partition(":")
    number = {"no-forget": "0"}.get(kind, bits or str(memory.MOST_BITS))
    valid = kind in CELLS and not (":" in model and kind == "no-forget")
    if not valid or not number.replace(".", "", 1).isdigit():
        names = [*USUAL, *CELLS]
        raise ProtocolError(
            f"model = {model!r}: must be one of {', '.join(names)}, with a limit in bits such as "
            f"revgru:3 or without{nearest(kind, names)}"
        )
    return min(float(number), memory.MOST_BITS)


def build(model: str, inputs: int, units: int, outputs: int) -> Recurrent:
    """A network by its name, with weights from torch's global generator.

    Args:
        model: "gru", "feed-forward", or as of ``limit``.
        inputs: Entries of an input.
        units: Of the state, even where it is reversible.
        outputs: Entries of an output.

    Raises:
        ProtocolError: If there is no such network.
    """
    usual: dict[str, Callable[[int, int, int], Recurrent]] = {
        "gru": GRU,
        "feed-forward": FeedForward,
    }
    if model in usual:
        return usual[model](inputs, units, outputs)
    share = memory.max_forget(limit(model))
    return Reversible(CELLS[model.partition(":")[0]](inputs, units, share), outputs)


def bits_forgotten(factors: list[torch.Tensor]) -> float:
    """Mean of ``-log2 z``, each at most 10 bits, over units, steps and sequences; 0 of none."""
    if not factors:
        return 0.0
    least = 2.0**-memory.MOST_BITS
    logs = [-factor.detach().double().clamp_min(least).log2().mean() for factor in factors]
    return float(torch.stack(logs).mean())
