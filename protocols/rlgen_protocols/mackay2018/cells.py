"""Reversible recurrent cells (MacKay et al. 2018, sections 3 and 5; the authors' ``revgru.py``).

A state is several groups of units. A step updates one group after another, each by

    group <- z * group + u,

where ``z`` and ``u`` are computed from the input and the other groups, so that they can be computed
again afterwards and the update undone: ``group = (group - u) / z``. What the division cannot bring
back are the bits that ``z < 1`` has dropped; ``integers`` keeps them.
"""

from abc import abstractmethod
from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812  # as everywhere in torch

#: Bits of the fixed-point numbers that stand for a gate; the least gate is 1 / 2^10.
GATE_BITS = 10
#: Groups of units, each ``(B, width)``.
State = tuple[torch.Tensor, ...]


class ReversibleCell(nn.Module):
    """A cell whose step updates one group of units after another.

    Args:
        inputs: Entries of an input.
        units: Units that are read, an even number.
        max_forget: Largest share of a unit that a step may forget, from 0 to 1: gates are at least
            ``1 - max_forget``, so that a step drops at most ``-log2(1 - max_forget)`` bits.

    Attributes:
        order: The groups in the order in which a step updates them.
        n_groups: Number of groups.
        width: Units of each group.
    """

    order: tuple[int, ...]
    n_groups: int

    def __init__(self, inputs: int, units: int, max_forget: float) -> None:
        super().__init__()
        self.width, self.max_forget = units // 2, max_forget
        self.inputs = inputs

    @abstractmethod
    def project(self, inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """What gates take from inputs ``(..., inputs)``, one tensor for each half of the units."""

    @abstractmethod
    def update(
        self, group: int, projected: Sequence[torch.Tensor], state: Sequence[torch.Tensor]
    ) -> tuple[torch.Tensor | None, torch.Tensor]:
        """The factor ``z`` of a group, None where it is 1, and its addend ``u``.

        Args:
            group: The group to be updated; its own value is not read.
            projected: What ``project`` returned of this step's inputs.
            state: All groups as they stand.

        Returns:
            Each ``(B, width)``; factors before they are made fixed-point numbers.
        """

    def start(self, n: int) -> State:
        """The state of ``n`` sequences before their first step: zeros."""
        like = next(self.parameters())
        return tuple(like.new_zeros(n, self.width) for _ in range(self.n_groups))

    def read(self, state: Sequence[torch.Tensor]) -> torch.Tensor:
        """The units that the next layer reads, ``(B, units)``."""
        return torch.cat([state[0], state[1]], dim=1)

    def step(
        self, projected: Sequence[torch.Tensor], state: State
    ) -> tuple[State, list[torch.Tensor]]:
        """One step in floating-point numbers; also its factors, in the order of the updates."""
        groups, factors = list(state), []
        for group in self.order:
            z, u = self.update(group, projected, groups)
            groups[group] = groups[group] + u if z is None else torch.addcmul(u, z, groups[group])
            if z is not None:
                factors.append(z)
        return tuple(groups), factors

    def unstep(self, projected: Sequence[torch.Tensor], state: State) -> State:
        """The state before a step in floating-point numbers, as far as division brings it back."""
        groups = list(state)
        for group in reversed(self.order):
            z, u = self.update(group, projected, groups)
            rest = groups[group] - u
            groups[group] = rest if z is None else rest / z
        return tuple(groups)

    def limited(self, logits: torch.Tensor) -> torch.Tensor:
        """Forget gates ``m * sigmoid(logits) + 1 - m``."""
        return self.max_forget * torch.sigmoid(logits) + (1 - self.max_forget)


class RevGRU(ReversibleCell):
    """Two halves; each half's update is a GRU's, with gates from the other half."""

    order, n_groups = (0, 1), 2

    def __init__(self, inputs: int, units: int, max_forget: float) -> None:
        super().__init__(inputs, units, max_forget)
        width = self.width
        # Of each half: z and r, and then g.
        self.inward = nn.ModuleList(nn.Linear(inputs, 3 * width) for _ in range(2))
        self.gates = nn.ModuleList(nn.Linear(width, 2 * width, bias=False) for _ in range(2))
        self.candidate = nn.ModuleList(nn.Linear(width, width, bias=False) for _ in range(2))

    def project(self, inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """See ``ReversibleCell``."""
        return tuple(layer(inputs) for layer in self.inward)

    def update(
        self, group: int, projected: Sequence[torch.Tensor], state: Sequence[torch.Tensor]
    ) -> tuple[torch.Tensor | None, torch.Tensor]:
        """See ``ReversibleCell``."""
        other, width, inward = state[1 - group], self.width, projected[group]
        logits = inward[:, : 2 * width] + self.gates[group](other)
        z = self.limited(logits[:, :width])
        reset = torch.sigmoid(logits[:, width:]) * other
        g = torch.tanh(inward[:, 2 * width :] + self.candidate[group](reset))
        return z, (1 - z) * g


class NoForgetGRU(RevGRU):
    """Never forgets: ``group <- group + g``.

    The limit of no forgetting, ``max_forget = 0``, of a RevGRU would never change its state, for
    the weight ``1 - z`` of an update vanishes with it. This update is ours.
    """

    def __init__(self, inputs: int, units: int, max_forget: float = 0.0) -> None:
        super().__init__(inputs, units, max_forget)

    def update(
        self, group: int, projected: Sequence[torch.Tensor], state: Sequence[torch.Tensor]
    ) -> tuple[torch.Tensor | None, torch.Tensor]:
        """See ``ReversibleCell``."""
        other, width, inward = state[1 - group], self.width, projected[group]
        logits = inward[:, width : 2 * width] + F.linear(other, _weight(self.gates, group)[width:])
        g = inward[:, 2 * width :] + self.candidate[group](torch.sigmoid(logits) * other)
        return None, torch.tanh(g)


class RevLSTM(ReversibleCell):
    """Groups h1, h2, c1, c2; a step updates c1 and h1 by gates from h2, then c2 and h2 from h1."""

    order, n_groups = (2, 0, 3, 1), 4

    def __init__(self, inputs: int, units: int, max_forget: float) -> None:
        super().__init__(inputs, units, max_forget)
        # Of each half: z, g, f for its cells, o, p for its outputs.
        self.inward = nn.ModuleList(nn.Linear(inputs, 5 * self.width) for _ in range(2))
        self.gates = nn.ModuleList(
            nn.Linear(self.width, 5 * self.width, bias=False) for _ in range(2)
        )

    def project(self, inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """See ``ReversibleCell``."""
        return tuple(layer(inputs) for layer in self.inward)

    def update(
        self, group: int, projected: Sequence[torch.Tensor], state: Sequence[torch.Tensor]
    ) -> tuple[torch.Tensor | None, torch.Tensor]:
        """See ``ReversibleCell``."""
        half, cells = group % 2, group >= 2
        rows = slice(0, 3 * self.width) if cells else slice(3 * self.width, None)
        weight = _weight(self.gates, half)[rows]
        logits = projected[half][:, rows] + F.linear(state[1 - half], weight)
        parts = torch.tensor_split(logits, 3 if cells else 2, dim=1)
        if cells:
            return self.limited(parts[0]), torch.tanh(parts[1]) * torch.sigmoid(parts[2])
        return self.limited(parts[1]), torch.sigmoid(parts[0]) * torch.tanh(state[half + 2])


def _weight(layers: nn.ModuleList, index: int) -> torch.Tensor:
    layer = layers[index]
    assert isinstance(layer, nn.Linear)
    return layer.weight


CELLS: dict[str, type[ReversibleCell]] = {
    "revgru": RevGRU,
    "revlstm": RevLSTM,
    "no-forget": NoForgetGRU,
}
