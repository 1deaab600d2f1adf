"""Conversions of observations of any space into arrays for networks."""

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

#: Sizes of the last axis of an array of bytes that is taken as a picture with channels last.
CHANNELS = (1, 3, 4)


def reader(
    space: "gym.Space[Any]", entry: str, scale: float, where: str
) -> tuple[spaces.Box, Reader]:
    """The conversion for an observation space.

    Bytes are divided by ``scale``. In boxes of three axes channels are moved first if they are
    last: in pictures (bytes, ``(H, W, 1, 3 or 4)``), and where the last axis is the shortest. Other
    boxes are not changed; a discrete observation becomes a one-hot vector. All numeric parts of a
    dictionary or tuple are converted in this way and concatenated (``Packed``).

    Args:
        space: The environment's observation space.
        entry: The only entry of a dictionary to use; "" uses all.
        scale: Divisor of bytes.
        where: The beginning of messages.

    Returns:
        A float32 space, and the function from an observation to its array.

    Raises:
        LevelError: If there is no such entry, or no part of the space is numeric.
    """
    if entry:
        if not isinstance(space, spaces.Dict):
            raise LevelError(f"{where}: entry = {entry!r}: observations are not dictionaries")
        if entry not in space.spaces:
            raise LevelError(f"{where}: entry = {entry!r}{nearest(entry, space.spaces)}")
        box, read = reader(space[entry], "", scale, where)
        return box, lambda observation: read(observation[entry])
    if isinstance(space, spaces.Dict | spaces.Tuple):
        return _packed(space, scale, where)
    converted = _one(space, scale)
    if converted is None:
        raise LevelError(f"{where}: its observations are not numeric: {space}")
    return converted


def _packed(space: "gym.Space[Any]", scale: float, where: str) -> tuple[spaces.Box, Reader]:
    able = {path: read for path, part in _leaves(space) if (read := _one(part, scale)) is not None}
    if not able:
        raise LevelError(f"{where}: no part of its observations is numeric: {space}")
    reads = [(path, read) for path, (_, read) in able.items()]

    def read_all(observation: Any) -> Floats:
        return np.concatenate(
            [read(reduce(getitem, path, observation)).ravel() for path, read in reads]
        )

    return Packed({".".join(map(str, path)): box for path, (box, _) in able.items()}), read_all


def _leaves(
    space: "gym.Space[Any]", path: tuple[Any, ...] = ()
) -> Iterator[tuple[tuple[Any, ...], "gym.Space[Any]"]]:
    """The parts of nested dictionaries and tuples, with their paths of keys."""
    if isinstance(space, spaces.Dict | spaces.Tuple):
        inner = space.spaces.items() if isinstance(space, spaces.Dict) else enumerate(space.spaces)
        for key, part in inner:
            yield from _leaves(part, (*path, key))
    else:
        yield path, space


def _one(space: "gym.Space[Any]", scale: float) -> tuple[spaces.Box, Reader] | None:
    """The conversion of one part; None for text, graphs and sequences."""
    if isinstance(space, spaces.Box):
        return _box(space, scale)
    if not isinstance(space, spaces.Discrete | spaces.MultiDiscrete | spaces.MultiBinary):
        return None
    one_hot = spaces.Box(0, 1, (int(spaces.flatdim(space)),), np.float32)
    return one_hot, lambda part: np.asarray(spaces.flatten(space, part), np.float32)


def _box(space: spaces.Box, scale: float) -> tuple[spaces.Box, Reader]:
    shape, divisor = space.shape, scale if space.dtype == np.uint8 else 1.0
    low, high = (float(edge) / divisor for edge in (space.low.min(), space.high.max()))
    if _channels_last(space):
        return (
            spaces.Box(low, high, (shape[2], *shape[:2]), np.float32),
            lambda part: np.asarray(part, np.float32).transpose(2, 0, 1) / np.float32(divisor),
        )
    if len(shape) in (0, 2):
        shape = (1, *shape)
    return (
        spaces.Box(low, high, shape, np.float32),
        lambda part: np.asarray(part, np.float32).reshape(shape) / np.float32(divisor),
    )


def _channels_last(space: spaces.Box) -> bool:
    if len(space.shape) != 3:
        return False
    picture = space.dtype == np.uint8 and space.shape[2] in CHANNELS
    return picture or space.shape[2] < min(space.shape[:2])


def amounts(space: "gym.Space[Any]", entry: str) -> bool:
    """Whether all numeric parts of a space are quantities rather than categories.

    Args:
        space: An observation space, as of ``reader``.
        entry: As of ``reader``.
    """
    if entry and isinstance(space, spaces.Dict):
        return amounts(space[entry], "")
    if isinstance(space, spaces.Dict | spaces.Tuple):
        numeric = [part for _, part in _leaves(space) if _one(part, 1.0) is not None]
        return all(isinstance(part, spaces.Box) for part in numeric)
    return isinstance(space, spaces.Box)
