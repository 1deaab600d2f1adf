"""Exact reversal: states as fixed-point integers, and a buffer for the bits that they forget.

A state is ``round(value * 2**23)`` and a gate ``round(z * 2**10)``, at least 1 of 1,024. Products
are those of ``rlgen.networks.exact_integers``. Sequences whose mask is 0 at a step keep state and
buffer; units that are kept in full for attention need no buffer (the authors' ``slice_dim``).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from rlgen.networks.exact_integers import InformationBuffer, from_fixed, to_fixed
from rlgen_protocols.mackay2018.cells import GATE_BITS, ReversibleCell, State

STATE_BITS = 23
WHOLE = 1 << GATE_BITS


def fixed_gates(z: torch.Tensor) -> torch.Tensor:
    """Gates as multiples of 1 / 1,024, int64, from 1 to 1,024: none forgets all of its unit."""
    return (z.detach().double() * WHOLE).round().long().clamp(1, WHOLE)


@dataclass
class Tape:
    """What must be kept so that steps can be undone.

    Attributes:
        buffers: One for each group, of the units that are not kept in full; None where the cell
            never forgets.
        kept: At each step the units that are kept in full, as they stood before it, int64
            ``(B, kept)``.
        bits: Ideal number of bits of all steps forwards, the sum of ``-log2 z`` of all units.
    """

    buffers: list[InformationBuffer | None]
    kept: list[torch.Tensor]
    bits: float = 0.0

    @property
    def words(self) -> int:
        """Words of 64 bits in all buffers."""
        return sum(b.words * b.word.numel() for b in self.buffers if b is not None)

    @property
    def empty(self) -> bool:
        """Whether nothing is kept: so it is after all steps have been undone."""
        return not self.kept and all(b is None or b.empty for b in self.buffers)


class Integers:
    """A cell that runs in integers, forwards and back.

    Args:
        cell: With float64 parameters.
        n: Number of sequences, ``B``.
        kept: Number of units, the first of the first group, that are kept in full at each step.

    Attributes:
        state: Its groups, each int64 ``(B, width)``.
        tape: What undoes the steps taken.
    """

    def __init__(self, cell: ReversibleCell, n: int, *, kept: int = 0) -> None:
        self.cell, self.kept = cell, kept
        self.state = [to_fixed(group, STATE_BITS) for group in cell.start(n)]
        forgets = cell.max_forget > 0
        self.tape = Tape(
            [
                InformationBuffer(g[:, self._kept(i) :]) if forgets else None
                for i, g in enumerate(self.state)
            ],
            [],
        )

    def _kept(self, group: int) -> int:
        return self.kept if group == 0 else 0

    @property
    def values(self) -> State:
        """The groups as float64."""
        return tuple(from_fixed(group, STATE_BITS) for group in self.state)

    def forward(self, inputs: torch.Tensor, mask: torch.Tensor | None = None) -> None:
        """Take one step.

        Args:
            inputs: Float64 ``(B, inputs)``.
            mask: Bool ``(B,)``, False where a sequence does not step; all step by default.
        """
        if self.kept:
            self.tape.kept.append(self.state[0][:, : self.kept].clone())
        projected = self.cell.project(inputs)
        for group in self.cell.order:
            gates, addend = self._update(group, projected, mask)
            state, kept, buffer = self.state[group], self._kept(group), self.tape.buffers[group]
            if gates is not None and buffer is not None:
                rest = buffer.multiply(state[:, kept:], gates[:, kept:], WHOLE)
                product = torch.div(state[:, :kept] * gates[:, :kept], WHOLE, rounding_mode="floor")
                state = torch.cat([product, rest], dim=1)
                self.tape.bits += float((GATE_BITS - gates[:, kept:].double().log2()).sum())
            self.state[group] = state + addend

    def backward(self, inputs: torch.Tensor, mask: torch.Tensor | None = None) -> None:
        """Undo the last step; arguments as ``forward`` received them."""
        projected = self.cell.project(inputs)
        for group in reversed(self.cell.order):
            gates, addend = self._update(group, projected, mask)
            state, kept, buffer = self.state[group], self._kept(group), self.tape.buffers[group]
            state = state - addend
            if gates is not None and buffer is not None:
                rest = buffer.undo(state[:, kept:], gates[:, kept:], WHOLE)
                state = torch.cat([state[:, :kept], rest], dim=1)
            if kept:
                state = torch.cat([self.tape.kept.pop(), state[:, kept:]], dim=1)
            self.state[group] = state

    def _update(
        self, group: int, projected: Sequence[torch.Tensor], mask: torch.Tensor | None
    ) -> tuple[torch.Tensor | None, torch.Tensor]:
        """Gates of a group, int64 with ``WHOLE`` for 1, and its addend, int64."""
        with torch.no_grad():
            z, u = self.cell.update(group, projected, self.values)
        addend = to_fixed(u, STATE_BITS)
        gates = None if z is None else fixed_gates(z)
        if mask is not None:
            column = mask[:, None]
            addend = addend * column
            if gates is not None:
                gates = torch.where(column, gates, WHOLE)
        return gates, addend
