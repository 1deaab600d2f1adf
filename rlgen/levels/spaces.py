"""Dictionaries of observations in one vector, and what stands where in it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray


@dataclass(frozen=True)
class Part:
    """One entry of a dictionary within the vector that holds them all.

    Attributes:
        name: Of the entry.
        start: Where it begins.
        shape: Of the entry; three axes are a picture, channels first.
    """

    name: str
    start: int
    shape: tuple[int, ...]

    @property
    def rows(self) -> slice:
        """Where it stands."""
        return slice(self.start, self.start + prod(self.shape))


class Packed(spaces.Box):
    """A space of vectors ``(N,)``, float32, each of which holds all entries one after the other.

    Networks take it as any vector, or with ``parts`` each entry as what it is.

    Args:
        entries: The spaces of the entries, in order.

    Attributes:
        parts: What stands where.
    """

    parts: tuple[Part, ...]

    def __init__(self, entries: Mapping[str, spaces.Box]) -> None:
        parts, start = [], 0
        for name, box in entries.items():
            parts.append(Part(name, start, box.shape))
            start += prod(box.shape)
        self.parts = tuple(parts)
        low, high = (
            np.concatenate([np.ravel(edge) for edge in edges]).astype(np.float32)
            for edges in zip(*((box.low, box.high) for box in entries.values()), strict=True)
        )
        super().__init__(low, high, dtype=np.float32)

    def entries(self) -> dict[str, spaces.Box]:
        """The spaces of the entries."""
        ends = self.unpack(np.stack([self.low, self.high]))
        return {name: spaces.Box(*pair, dtype=np.float32) for name, pair in ends.items()}

    def unpack(self, observations: Any) -> dict[str, Any]:
        """The entries ``(B, *shape)`` of vectors ``(B, N)``, arrays or tensors."""
        count = len(observations)
        return {
            part.name: observations[:, part.rows].reshape(count, *part.shape) for part in self.parts
        }

    def pack(self, entries: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
        """Vectors ``(B, N)`` of the entries ``(B, ...)``."""
        flat = [np.asarray(entries[part.name], np.float32) for part in self.parts]
        packed: NDArray[np.float32] = np.concatenate([a.reshape(len(a), -1) for a in flat], axis=1)
        return packed


def parts_of(space: "spaces.Space[Any]") -> tuple[Part, ...]:
    """What stands where in a space's vectors; nothing where it is no dictionary."""
    return space.parts if isinstance(space, Packed) else ()


def with_entries(
    function: Callable[[Any], Any], space: "spaces.Space[Any]"
) -> Callable[[Any], Any]:
    """A function of observations, which is given dictionaries where they are dictionaries."""
    if not isinstance(space, Packed):
        return function
    return lambda observations: function(space.unpack(observations))
