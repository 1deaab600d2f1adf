"""Levels of which nothing is known but their seeds."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlgen.levels.family import Levels


@dataclass(frozen=True)
class SeededLevels(Levels):
    """Levels by the seeds that an environment is reset with.

    Attributes:
        ids: The seeds, int64 ``(L,)``.
        world: What plays them: two worlds make different levels from one seed.
    """

    ids: NDArray[np.int64]
    world: str

    def take(self, index: ArrayLike | slice) -> Self:
        """The sub-batch at these positions."""
        chosen = self.ids[index if isinstance(index, slice) else np.asarray(index, np.int64)]
        return replace(self, ids=chosen)

    def joined(self, others: Sequence[Self]) -> Self:
        """This batch and others as one."""
        return replace(self, ids=np.concatenate([self.ids, *(other.ids for other in others)]))

    def fingerprints(self) -> list[str]:
        """Of world and seed: whether two seeds make the same level is for the audit to say."""
        return [_digest(f"{self.world}\n{seed}") for seed in self.ids]

    def content_hash(self) -> str:
        """Of the world and all seeds."""
        return _digest(f"{self.world}\n{self.ids.tolist()}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
