"""The training level that looks most like a held-out level, as ``rlgen audit`` compares them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rlgen.diagnostics.level_overlap import grids, views
from rlgen.levels.family import Family

#: Most training levels that are searched; more would take minutes.
MOST = 20_000


@dataclass(frozen=True)
class Twin:
    """The nearest training level.

    Attributes:
        level: Its id.
        differing: In how many cells its first observation differs.
        cells: Of how many.
    """

    level: int
    differing: int
    cells: int


def twins(
    family: Family, train: Sequence[int], test: Sequence[int], flip_p: float
) -> dict[int, Twin]:
    """The nearest training level of each test level, by first observations.

    Args:
        family: Of all levels.
        train: Ids of all training levels.
        test: Ids of some test levels.
        flip_p: Of the training levels.

    Returns:
        By id of the test level; empty where observations are not grids of one shape, or there are
        more than ``MOST`` training levels.
    """
    if not train or not test or len(train) > MOST or not grids.may_be(family.observation_space):
        return {}
    own = views.show(family, family.generate(list(train), flip_p)).first
    others = views.show(family, family.generate(list(test))).first
    if own is None or others is None or own.shape[1:] != others.shape[1:]:
        return {}
    both = np.concatenate([own, others])
    if not grids.is_grid(both):
        return {}
    codes = grids.codes(both)
    positions, counts = grids.twins(codes[: len(own)], codes[len(own) :])
    size = int(np.prod(codes.shape[1:]))
    return {
        int(level): Twin(int(train[position]), int(count), size)
        for level, position, count in zip(test, positions, counts, strict=True)
    }
