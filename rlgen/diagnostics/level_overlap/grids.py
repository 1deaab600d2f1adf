"""Grid observations: equality up to rotation and reflection, and nearest levels.

The picture is rotated and reflected. Where a cell's content has a direction, such as an agent that
faces left, a rotated level is another task with the same picture.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from rlgen.errors import LevelError

#: Most cells per side, and most distinct values of cells, of what is taken for a grid.
MAX_SIDE, MAX_VALUES = 32, 32
#: Quantiles of the distances that are reported.
QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)

#: Kinds of numpy types that grids have.
_KINDS = "bui"
Codes = NDArray[np.int32]


def is_grid(observations: NDArray[Any] | None) -> bool:
    """Whether observations ``(L, ...)`` look like grids: small planes of zeros and ones, or bytes.

    Pictures do not: they are larger, or have more colours.
    """
    if observations is None or observations.dtype.kind not in _KINDS or not observations.size:
        return False
    if observations.ndim not in (3, 4):
        return False
    small = max(_channels_last(observations).shape[1:3]) <= MAX_SIDE
    return small and len(np.unique(observations)) <= MAX_VALUES


def may_be(space: "gym.Space[Any]") -> bool:
    """Whether observations of the space can look like grids to ``is_grid``."""
    return space.dtype is None or space.dtype.kind in _KINDS


def _channels_last(observations: NDArray[Any]) -> NDArray[Any]:
    """Observations ``(L, H, W)``, ``(L, C, H, W)`` or ``(L, H, W, C)`` as ``(L, H, W, C)``.

    The channels are the side that differs from two equal ones, else the shorter of the first and
    the last.
    """
    if observations.ndim == 3:
        return observations[..., None]
    _, a, b, c = observations.shape
    last = a == b != c or (not (b == c != a) and c < a)
    return observations if last else np.moveaxis(observations, 1, -1)


def codes(observations: NDArray[Any]) -> Codes:
    """Number the cells' contents: equal numbers for equal contents.

    Args:
        observations: ``(L, C, H, W)``, ``(L, H, W, C)`` or ``(L, H, W)``. Levels to be compared
            must be passed together.

    Returns:
        int32 ``(L, H, W)``.

    Raises:
        LevelError: For other shapes.
    """
    if observations.ndim not in (3, 4):
        raise LevelError(
            f"--grid: observations of shape {observations.shape[1:]} are not grids of cells"
        )
    cells = np.ascontiguousarray(_channels_last(observations))
    raw = cells.view(np.uint8).reshape(*cells.shape[:3], -1)
    ranks = np.zeros(raw.shape[:3], np.int64)
    for at in range(0, raw.shape[3], 8):
        # Eight bytes at a time as one number: np.unique of whole rows would take minutes.
        piece = np.zeros((*raw.shape[:3], 8), np.uint8)
        piece[..., : min(8, raw.shape[3] - at)] = raw[..., at : at + 8]
        numbers = _ranked(piece.view(np.uint64)[..., 0])
        ranks = _ranked(ranks * (int(numbers.max(initial=0)) + 1) + numbers)
    return ranks.astype(np.int32)


def _ranked(values: NDArray[Any]) -> NDArray[np.int64]:
    """Small numbers, equal for equal values."""
    ranks = np.unique(values, return_inverse=True)[1]
    return np.asarray(ranks, np.int64).reshape(values.shape)


def canonical(grids: Codes) -> list[str]:
    """One hash per level, equal for levels that are the same up to rotation and reflection.

    That of the least image under the dihedral group: of eight for a square, four for a rectangle.

    Args:
        grids: ``(L, H, W)``, from ``codes``.
    """
    return [
        hashlib.sha256(min(image.tobytes() for image in images(grid))).hexdigest() for grid in grids
    ]


def images(grid: Codes) -> Iterator[Codes]:
    """Rotations and reflections of a grid ``(H, W)`` that keep its shape."""
    turns = (0, 1, 2, 3) if grid.shape[0] == grid.shape[1] else (0, 2)
    for turn in turns:
        turned = np.rot90(grid, turn)
        yield turned
        yield np.fliplr(turned)


def nearest(train: Codes, test: Codes) -> NDArray[np.int64]:
    """The number of cells in which each test level differs from its nearest training level.

    Args:
        train: ``(N, H, W)``.
        test: ``(M, H, W)``, from the same ``codes``.

    Returns:
        ``(M,)``.
    """
    return twins(train, test)[1]


def twins(train: Codes, test: Codes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The nearest training level of each test level; of several the first.

    Args:
        train: ``(N, H, W)``, at least one.
        test: ``(M, H, W)``, from the same ``codes``.

    Returns:
        Their positions in ``train``, and the numbers of cells that differ, ``(M,)`` each.
    """
    distinct, first = np.unique(train.reshape(len(train), -1), axis=0, return_index=True)
    order = np.argsort(first)
    distinct, first = distinct[order], first[order]
    positions, counts = np.zeros(len(test), np.int64), np.zeros(len(test), np.int64)
    for place, level in enumerate(test.reshape(len(test), -1)):
        differing = np.count_nonzero(distinct != level, axis=1)
        best = int(differing.argmin())
        positions[place], counts[place] = first[best], differing[best]
    return positions, counts


def distances(train: Codes, test: Codes) -> dict[str, Any]:
    """Quantiles of ``nearest``, in cells, with the number of cells of a level."""
    differing = nearest(train, test)
    quantiles = np.quantile(differing, QUANTILES, method="inverted_cdf")
    return {
        "cells": int(np.prod(test.shape[1:])),
        "mean": float(differing.mean()),
        "quantiles": {f"{q:g}": int(d) for q, d in zip(QUANTILES, quantiles, strict=True)},
    }
