"""Levels that are seeds of an environment."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlgen.levels.family import Levels


@dataclass(frozen=True)
class SeededLevels(Levels):
    """Levels that are the seeds with which an environment is reset.

    Attributes:
        ids: The seeds, int64 ``(L,)``.
        world: See ``Levels.world``; two environments make different levels of one seed.
    """

    ids: NDArray[np.int64]
    world: str

    def take(self, index: ArrayLike | slice) -> Self:
        """The levels at these positions."""
        chosen = self.ids[index if isinstance(index, slice) else np.asarray(index, np.int64)]
        return replace(self, ids=chosen)

    def joined(self, others: Sequence[Self]) -> Self:
        """Concatenate this batch with others."""
        return replace(self, ids=np.concatenate([self.ids, *(other.ids for other in others)]))

    def fingerprints(self) -> list[str]:
        """SHA-256 of environment and seed; whether two seeds make the same level is audited."""
        return [_digest(f"{self.world}\n{seed}") for seed in self.ids]

    def content_hash(self) -> str:
        """SHA-256 of the environment and all seeds."""
        return _digest(f"{self.world}\n{self.ids.tolist()}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
