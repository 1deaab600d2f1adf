"""Observations of any space as the arrays that networks take."""

from collections.abc import Callable, Iterator
from functools import reduce
from operator import getitem
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from rlgen.errors import LevelError, nearest
from rlgen.levels.spaces import Packed

Floats = NDArray[np.float32]
Reader = Callable[[Any], Floats]

#: Sizes of the last axis of an array of bytes that make it a picture, channels last.
CHANNELS = (1, 3, 4)


def reader(
    space: "gym.Space[Any]", entry: str, scale: float, where: str
) -> tuple[spaces.Box, Reader]:
    """How observations are read.

    Bytes are divided by ``scale``. Boxes of three axes get their channels first where these are
    last: in pictures (bytes, ``(H, W, 1, 3 or 4)``), and where the last axis is the shortest. Other
    boxes stay as they are; a discrete observation becomes a one-hot vector. All parts of a
    dictionary or tuple that are numbers are read in this way, and stand one after the other in a
    vector that knows them (``Packed``).

    Args:
        space: Of the environment.
        entry: The one entry of a dictionary that is shown; "" is all.
        scale: What bytes are divided by.
        where: What messages begin with.

    Returns:
        A float32 space, and the function from an observation to its array.

    Raises:
        LevelError: If there is no such entry, or nothing in the space is numbers.
    """
    if entry:
        if not isinstance(space, spaces.Dict):
            raise LevelError(f"{where}: entry = {entry!r}: observations are no dictionary")
        if entry not in space.spaces:
            raise LevelError(f"{where}: entry = {entry!r}{nearest(entry, space.spaces)}")
        box, read = reader(space[entry], "", scale, where)
        return box, lambda observation: read(observation[entry])
    if isinstance(space, spaces.Dict | spaces.Tuple):
        return _packed(space, scale, where)
    told = _one(space, scale)
    if told is None:
        raise LevelError(f"{where}: its observations are no numbers: {space}")
    return told


def _packed(space: "gym.Space[Any]", scale: float, where: str) -> tuple[spaces.Box, Reader]:
    able = {path: read for path, part in _leaves(space) if (read := _one(part, scale)) is not None}
    if not able:
        raise LevelError(f"{where}: nothing in its observations is numbers: {space}")
    reads = [(path, read) for path, (_, read) in able.items()]

    def read_all(observation: Any) -> Floats:
        return np.concatenate(
            [read(reduce(getitem, path, observation)).ravel() for path, read in reads]
        )

    return Packed({".".join(map(str, path)): box for path, (box, _) in able.items()}), read_all


def _leaves(
    space: "gym.Space[Any]", path: tuple[Any, ...] = ()
) -> Iterator[tuple[tuple[Any, ...], "gym.Space[Any]"]]:
    """The parts of dictionaries and tuples in each other, and the keys that lead to them."""
    if isinstance(space, spaces.Dict | spaces.Tuple):
        inner = space.spaces.items() if isinstance(space, spaces.Dict) else enumerate(space.spaces)
        for key, part in inner:
            yield from _leaves(part, (*path, key))
    else:
        yield path, space


def _one(space: "gym.Space[Any]", scale: float) -> tuple[spaces.Box, Reader] | None:
    """How one part is read; None for words, graphs and sequences."""
    if isinstance(space, spaces.Box):
        return _box(space, scale)
    if not isinstance(space, spaces.Discrete | spaces.MultiDiscrete | spaces.MultiBinary):
        return None
    one_hot = spaces.Box(0, 1, (int(spaces.flatdim(space)),), np.float32)
    return one_hot, lambda seen: np.asarray(spaces.flatten(space, seen), np.float32)


def _box(space: spaces.Box, scale: float) -> tuple[spaces.Box, Reader]:
    shape, divisor = space.shape, scale if space.dtype == np.uint8 else 1.0
    low, high = (float(edge) / divisor for edge in (space.low.min(), space.high.max()))
    if _channels_last(space):
        return (
            spaces.Box(low, high, (shape[2], *shape[:2]), np.float32),
            lambda seen: np.asarray(seen, np.float32).transpose(2, 0, 1) / np.float32(divisor),
        )
    if len(shape) in (0, 2):
        shape = (1, *shape)
    return spaces.Box(
        low, high, shape, np.float32
    ), lambda seen: np.asarray(seen, np.float32).reshape(shape) / np.float32(divisor)


def _channels_last(space: spaces.Box) -> bool:
    if len(space.shape) != 3:
        return False
    picture = space.dtype == np.uint8 and space.shape[2] in CHANNELS
    return picture or space.shape[2] < min(space.shape[:2])


def amounts(space: "gym.Space[Any]", entry: str) -> bool:
    """Whether all numbers that are shown of a space are amounts, none the name of a thing.

    Args:
        space: That ``reader`` takes.
        entry: As there.
    """
    if entry and isinstance(space, spaces.Dict):
        return amounts(space[entry], "")
    if isinstance(space, spaces.Dict | spaces.Tuple):
        shown = [part for _, part in _leaves(space) if _one(part, 1.0) is not None]
        return all(isinstance(part, spaces.Box) for part in shown)
    return isinstance(space, spaces.Box)
