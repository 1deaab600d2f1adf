"""Nested Python values as tensors and plain values, which are written without pickle."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from rlgen.errors import RlgenError


class Packer:
    """Takes values apart.

    Attributes:
        tensors: By name what tensors and arrays hold, on the CPU. Those that share their memory,
            as the parameters of networks with a common trunk, stand there once.
    """

    def __init__(self) -> None:
        self.tensors: dict[str, torch.Tensor] = {}
        self._names: dict[tuple[Any, ...], str] = {}

    def pack(self, value: Any, name: str) -> Any:
        """The value as JSON can hold it, with names in place of tensors.

        Args:
            value: Tensors, arrays of numbers, numbers, text and None, in mappings and sequences.
            name: Of the value; of what it holds the names begin with it.

        Raises:
            RlgenError: If it holds anything else.
        """
        if isinstance(value, torch.Tensor):
            return {"tensor": self._keep(value.detach(), name)}
        if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
            return {"tensor": self._keep(torch.from_numpy(value), name)}
        if isinstance(value, Mapping):
            items = [[key, self.pack(item, f"{name}.{key}")] for key, item in value.items()]
            return {"items": items}
        if isinstance(value, list | tuple):
            return [self.pack(item, f"{name}.{i}") for i, item in enumerate(value)]
        if value is None or isinstance(value, bool | int | float | str):
            return value
        raise RlgenError(f"{name}: a {type(value).__name__} cannot be kept in a checkpoint")

    def _keep(self, tensor: torch.Tensor, name: str) -> str:
        memory = (tensor.device, tensor.data_ptr(), tensor.shape, tensor.stride(), tensor.dtype)
        name = self._names.setdefault(memory, name)
        self.tensors.setdefault(name, tensor.cpu().contiguous())
        return name


def unpack(plain: Any, tensors: Mapping[str, torch.Tensor]) -> Any:
    """What ``Packer.pack`` took apart; tuples come back as lists, arrays as tensors."""
    if isinstance(plain, list):
        return [unpack(item, tensors) for item in plain]
    if isinstance(plain, dict):
        if "tensor" in plain:
            return tensors[plain["tensor"]]
        return {key: unpack(item, tensors) for key, item in plain["items"]}
    return plain
