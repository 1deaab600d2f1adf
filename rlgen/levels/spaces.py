"""Dictionary observations packed in vectors, and the layout of these vectors."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray


@dataclass(frozen=True)
class Part:
    """One entry of a dictionary within the packed vector.

    Attributes:
        name: Name of the entry.
        start: Its first index in the vector.
        shape: Its shape; three axes are a picture, channels first.
    """

    name: str
    start: int
    shape: tuple[int, ...]

    @property
    def is_picture(self) -> bool:
        """Whether it is a picture, to which convolutions apply."""
        return len(self.shape) == 3

    @property
    def rows(self) -> slice:
        """Its indices in the vector."""
        return slice(self.start, self.start + prod(self.shape))


class Packed(spaces.Box):
    """A space of float32 vectors ``(N,)`` that hold all entries of a dictionary, concatenated.

    Networks may treat it as any vector, or treat each entry by its shape with ``parts``.

    Args:
        entries: The spaces of the entries, in order.

    Attributes:
        parts: The layout of the vector.
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
        """Split vectors ``(B, N)`` into entries ``(B, *shape)``; arrays or tensors."""
        count = len(observations)
        return {
            part.name: observations[:, part.rows].reshape(count, *part.shape) for part in self.parts
        }

    def pack(self, entries: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
        """Concatenate entries ``(B, ...)`` into vectors, float32 ``(B, N)``."""
        flat = [np.asarray(entries[part.name], np.float32) for part in self.parts]
        packed: NDArray[np.float32] = np.concatenate([a.reshape(len(a), -1) for a in flat], axis=1)
        return packed


def parts_of(space: "spaces.Space[Any]") -> tuple[Part, ...]:
    """The layout of a space's vectors; empty if it is not a packed dictionary."""
    return space.parts if isinstance(space, Packed) else ()


def with_entries(
    function: Callable[[Any], Any], space: "spaces.Space[Any]"
) -> Callable[[Any], Any]:
    """A function of packed observations, from one of dictionaries if the space is packed."""
    if not isinstance(space, Packed):
        return function
    return lambda observations: function(space.unpack(observations))
