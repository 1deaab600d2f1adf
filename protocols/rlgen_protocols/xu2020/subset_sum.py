"""Whether some of six numbers sum to 0: the authors' ``subset_sum_generator.py``."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rlgen_protocols.xu2020.examples import BLOCK, Examples, Labels, shares, until_full

Ints = NDArray[np.int64]
#: Of examples with a short solution, the share that the authors keep.
SINGLE, CANCELLING = 0.1, 0.05


@dataclass(frozen=True)
class SubsetSum:
    """Whether a subset that is not empty sums to 0; both answers are equally frequent.

    Attributes:
        objects: How many numbers.
        span: The largest; the smallest is its negative.
    """

    objects: int
    span: int

    @property
    def classes(self) -> int:
        """No and yes."""
        return 2

    def draw(self, rng: np.random.Generator, n: int) -> Examples:
        """Draw numbers, most of those with a short solution left out, as the authors do."""

        def block() -> tuple[Ints, Labels]:
            numbers = rng.integers(-self.span, self.span + 1, (BLOCK, self.objects))
            zero = zeros(numbers)
            share = np.select([zero.single, zero.short], [SINGLE, CANCELLING], 1.0)
            label = zero.any.astype(np.int64)
            return numbers, np.where((label == 1) & (rng.random(BLOCK) > share), -1, label)

        quotas = shares(n, 2)
        numbers = until_full(block, quotas).astype(np.int64)
        order = rng.permutation(n)
        # As they are: as shares of the largest, sums of 0 and 1 would be told apart too slowly.
        inputs = numbers[order, :, None].astype(np.float32)
        return Examples(inputs, np.repeat([0, 1], quotas)[order])


@dataclass(frozen=True)
class Zeros:
    """Which examples have a subset that sums to 0, each bool ``(n,)``.

    Attributes:
        any: At all.
        single: One that is a single 0.
        short: One of two numbers that cancel, or of all numbers.
    """

    any: NDArray[np.bool_]
    single: NDArray[np.bool_]
    short: NDArray[np.bool_]


def members(objects: int) -> NDArray[np.bool_]:
    """All subsets that are not empty, bool ``(2^objects - 1, objects)``."""
    numbers = np.arange(1, 2**objects)
    return np.asarray(numbers[:, None] >> np.arange(objects) & 1, bool)


def zeros(numbers: Ints) -> Zeros:
    """Which examples have a subset that sums to 0.

    Args:
        numbers: ``(n, objects)``.
    """
    subsets = members(numbers.shape[1])
    zero = numbers @ subsets.T.astype(np.int64) == 0
    size = subsets.sum(axis=1)
    short = (size == 2) | (size == numbers.shape[1])
    return Zeros(zero.any(axis=1), zero[:, size == 1].any(axis=1), zero[:, short].any(axis=1))
