"""Building networks that a file describes, which may ask for any size."""

from math import inf, prod
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

#: Entries of tensors that a policy may always make besides its weights, for a picture say.
ROOM = 10_000_000


class Bounded(TorchFunctionMode):
    """Refuses to make tensors that the weights in a file cannot fill.

    Args:
        largest: Entries of the largest tensor in the file.
        total: Entries of all of them, where no others are made.

    Raises:
        ValueError: In place of making the tensor.
    """

    def __init__(self, largest: int, total: float = inf) -> None:
        super().__init__()
        self._largest, self._left = max(largest, ROOM), total + ROOM

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in (torch.empty, torch.zeros, torch.ones):
            shape = args[0] if args and not isinstance(args[0], int) else args
            self._left -= prod(shape)
            if prod(shape) > self._largest or self._left < 0:
                raise ValueError(f"weights of shape {tuple(shape)} are not in it")
        return func(*args, **(kwargs or {}))
