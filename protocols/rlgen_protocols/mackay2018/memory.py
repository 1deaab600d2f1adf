"""How much memory a run's activations take, and how much less the buffers take.

The authors compare with the hidden state of a usual network, 32 bits a unit and step. What PyTorch
keeps for backpropagation is more, for it keeps gates too: that is the second comparison.
"""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from math import log2

import torch

STATE_BITS_STORED = 32
WORD = 64
#: Bits of the least gate: 1 / 1,024.
MOST_BITS = 10.0


def most_bits(max_forget: float) -> float:
    """Most bits that a unit can forget in a step, for the largest share that it may forget."""
    return MOST_BITS if max_forget >= 1 else min(MOST_BITS, -log2(1 - max_forget))


def max_forget(bits: float) -> float:
    """The largest share that a unit may forget, for the most bits it may forget in a step."""
    return 1 - 2.0**-bits if bits < MOST_BITS else 1.0


def ideal_saving(bits: float) -> float:
    """How many times less the forgotten bits, a unit and step, are than states; nan of none."""
    return STATE_BITS_STORED / bits if bits else float("nan")


def allocated_saving(length: int, words: float) -> float:
    """The same of the words in use: ``words`` a unit after ``length`` steps, at least one."""
    return STATE_BITS_STORED * length / (WORD * words) if words else float("nan")


class SavedBytes(AbstractContextManager["SavedBytes"]):
    """Counts the bytes that backpropagation keeps of what is computed in this context.

    Args:
        besides: Tensors that are kept anyway and do not count: parameters, inputs.

    Attributes:
        total: Bytes of all storages that saved tensors use, each counted once.
    """

    def __init__(self, besides: Iterable[torch.Tensor]) -> None:
        self.total = 0
        # Held until the end: a freed storage's address may be used again.
        self._counted = {t.untyped_storage().data_ptr(): t.untyped_storage() for t in besides}
        self._hooks = torch.autograd.graph.saved_tensors_hooks(self._pack, lambda kept: kept)

    def _pack(self, tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in self._counted:
            self._counted[storage.data_ptr()] = storage
            self.total += storage.nbytes()
        return tensor

    def __enter__(self) -> "SavedBytes":
        self._hooks.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._hooks.__exit__()
        self._counted.clear()
