"""What every task draws: examples of some objects each, with a class as label."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Labels = NDArray[np.int64]
#: Examples are drawn in blocks of so many, of which those that a task refuses are left out.
BLOCK = 1024


@dataclass(frozen=True)
class Examples:
    """Examples of one task.

    Attributes:
        inputs: float32 ``(n, objects, features)``, numbers of about unit size.
        labels: int64 ``(n,)``, a class each.
    """

    inputs: Floats
    labels: Labels

    def __len__(self) -> int:
        """How many."""
        return len(self.labels)


class Task(Protocol):
    """One reasoning task."""

    @property
    def classes(self) -> int:
        """How many classes there are; labels are smaller."""

    def draw(self, rng: np.random.Generator, n: int) -> Examples:
        """Draw ``n`` examples."""


def until_full(
    block: Callable[[], tuple[NDArray[np.generic], Labels]],
    quotas: NDArray[np.int64],
    least: float = 1e-4,
) -> NDArray[np.generic]:
    """Draw blocks of candidates until each group has its quota.

    Args:
        block: Draws candidates ``(b, ...)`` and the group of each ``(b,)``; a negative group is
            refused.
        quotas: How many of each group.
        least: Below this share of candidates in a group that is not full, it is given up.

    Returns:
        The candidates of the first group, then those of the second, and so on.

    Raises:
        ValueError: If a group is so rare that it would take too long to fill.
    """
    groups: list[list[NDArray[np.generic]]] = [[] for _ in quotas]
    counts, total = np.zeros_like(quotas), 0
    while (counts < quotas).any():
        candidates, group = block()
        total += len(candidates)
        for g in np.flatnonzero(counts < quotas):
            some = candidates[group == g][: quotas[g] - counts[g]]
            groups[g].append(some)
            counts[g] += len(some)
            if counts[g] < quotas[g] and counts[g] < least * total and total > 100 * BLOCK:
                raise ValueError(f"group {g}: {counts[g]} of {total:,} candidates")
    return np.concatenate([np.concatenate(own) for own in groups if own])


def shares(n: int, groups: int) -> Labels:
    """Sizes of groups that are as equal as they can be and sum to ``n``."""
    return np.array([n // groups + (g < n % groups) for g in range(groups)], np.int64)


def batches(rng: np.random.Generator, n: int, size: int) -> Iterator[Labels]:
    """Numbers of the examples of each batch, epoch after epoch, without end."""
    size = min(size, n)
    while True:
        order = rng.permutation(n)
        for start in range(0, n - size + 1, size):
            yield order[start : start + size]
