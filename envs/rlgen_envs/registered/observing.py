"""Observations of any space as the arrays that networks take."""

from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from rlgen.errors import LevelError, nearest

Floats = NDArray[np.float32]
Reader = Callable[[Any], Floats]

#: Sizes of the last axis of an array of bytes that make it a picture, channels last.
CHANNELS = (1, 3, 4)


def reader(
    space: "gym.Space[Any]", entry: str, scale: float, where: str
) -> tuple[spaces.Box, Reader]:
    """How observations are read.

    Bytes are divided by ``scale``. Boxes of three axes get their channels first where these are
    last: in pictures (bytes, ``(H, W, 1, 3 or 4)``), and where the last axis is the shortest, as
    stable-baselines3 tells it too. Other boxes stay as they are; a discrete observation becomes a
    one-hot vector; of a dictionary or tuple all parts that are numbers are put one after the other.

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
        parts = space.spaces.items() if isinstance(space, spaces.Dict) else enumerate(space.spaces)
        able = {key: _flat(part, scale) for key, part in parts}
        reads = [(key, told[1]) for key, told in able.items() if told is not None]
        if not reads:
            raise LevelError(f"{where}: nothing in its observations is numbers: {space}")
        size = sum(told[0] for told in able.values() if told is not None)
        return _vector(size), lambda observation: np.concatenate(
            [read(observation[key]) for key, read in reads]
        )
    if isinstance(space, spaces.Box) and space.shape:
        return _box(space, scale)
    flat = _flat(space, scale)
    if flat is None:
        raise LevelError(f"{where}: its observations are no numbers: {space}")
    return _vector(flat[0]), flat[1]


def _vector(size: int) -> spaces.Box:
    return spaces.Box(-np.inf, np.inf, (size,), np.float32)


def _box(space: spaces.Box, scale: float) -> tuple[spaces.Box, Reader]:
    shape, divisor = space.shape, scale if space.dtype == np.uint8 else 1.0
    low, high = (float(edge) / divisor for edge in (space.low.min(), space.high.max()))
    if _channels_last(space):
        return (
            spaces.Box(low, high, (shape[2], *shape[:2]), np.float32),
            lambda seen: np.asarray(seen, np.float32).transpose(2, 0, 1) / np.float32(divisor),
        )
    if len(shape) == 2:
        shape = (1, *shape)
    return spaces.Box(
        low, high, shape, np.float32
    ), lambda seen: np.asarray(seen, np.float32).reshape(shape) / np.float32(divisor)


def _channels_last(space: spaces.Box) -> bool:
    if len(space.shape) != 3:
        return False
    picture = space.dtype == np.uint8 and space.shape[2] in CHANNELS
    return picture or space.shape[2] < min(space.shape[:2])


def _flat(space: "gym.Space[Any]", scale: float) -> tuple[int, Reader] | None:
    """Size and reader of a space as a vector; None for words, graphs and sequences."""
    if isinstance(space, spaces.Box):
        divisor = np.float32(scale if space.dtype == np.uint8 else 1.0)
        size = int(np.prod(space.shape))
        return size, lambda seen: np.asarray(seen, np.float32).ravel() / divisor
    able = (spaces.Discrete, spaces.MultiDiscrete, spaces.MultiBinary)
    if not isinstance(space, able):
        return None
    size = int(spaces.flatdim(space))
    return size, lambda seen: np.asarray(spaces.flatten(space, seen), np.float32)


def amounts(space: "gym.Space[Any]", entry: str) -> bool:
    """Whether all numbers that are shown of a space are amounts, none the name of a thing.

    Args:
        space: That ``reader`` takes.
        entry: As there.
    """
    if entry and isinstance(space, spaces.Dict):
        return amounts(space[entry], "")
    if isinstance(space, spaces.Dict | spaces.Tuple):
        parts = space.spaces.values() if isinstance(space, spaces.Dict) else space.spaces
        shown = [part for part in parts if _flat(part, 1.0) is not None]
        return all(isinstance(part, spaces.Box) for part in shown)
    return isinstance(space, spaces.Box)
