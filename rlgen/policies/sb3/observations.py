"""Convert a family's observations into those that a stable-baselines3 model was trained on.

A model may have been trained on pictures of bytes, or with their channels last, where our families
divide by 255 and put channels first (``rlgen_envs.registered.observing``).
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.preprocessing import is_image_space
from torch import nn

from rlgen.levels.spaces import Packed


class UnfitError(Exception):
    """The reason why a model's observations or actions are not a family's."""


class Converter:
    """Convert a family's observations into those that a model takes.

    Args:
        own: The model's observation space.
        space: The space of the observations here.

    Raises:
        UnfitError: If they differ by more than scale, one-hot vectors and the place of channels.
    """

    def __init__(self, own: "gym.Space[Any]", space: spaces.Box) -> None:
        self._space = space
        self._entries: dict[str, _Array] | None = None
        if isinstance(own, spaces.Dict):
            self._entries = _entries(own, space)
        else:
            self._array = _plain(own, space)

    def module(self, *, normalises: bool) -> nn.Module:
        """The conversion as a module, with what the model makes of its observations first.

        Bytes are not rounded to whole numbers, and one-hot vectors stay what they are.

        Args:
            normalises: Whether the model divides the bytes of pictures by 255.

        Returns:
            From tensors ``(B, *shape)`` to tensors ``(B, ...)``, or to dictionaries of them.
        """
        if self._entries is None:
            return self._array.module(normalises=normalises)
        assert isinstance(self._space, Packed), "checked by _entries"
        modules = {key: one.module(normalises=normalises) for key, one in self._entries.items()}
        return _Unpacked(self._space, modules)

    def __call__(self, observations: NDArray[Any]) -> Any:
        """An array ``(B, ...)``, or a dictionary of them."""
        if self._entries is None:
            return self._array(observations)
        assert isinstance(self._space, Packed), "checked by _entries"
        unpacked = self._space.unpack(observations)
        return {key: convert(unpacked[key]) for key, convert in self._entries.items()}


class _Array:
    """Converts arrays ``(B, *space.shape)`` into those of a model's space.

    Args:
        own: The model's space.
        space: The space of the observations here.
        where: Names the entry in messages.
    """

    def __init__(self, own: "gym.Space[Any]", space: spaces.Box, where: str = "") -> None:
        box = own if isinstance(own, spaces.Box) else None
        self._own, shape = own, space.shape
        self._shape = (int(spaces.flatdim(own)),) if box is None else box.shape
        self._channels_last = self._shape != shape and self._shape == (*shape[1:], *shape[:1])
        if not self._channels_last and _sides(shape) != _sides(self._shape):
            raise UnfitError(
                f"was trained on observations of shape {self._shape}{where}, and here they have "
                f"{shape}"
            )
        self._factor = 1.0
        top = top_byte(own)
        if top:
            if not np.isfinite(space.high).all():
                raise UnfitError(f"was trained on bytes{where}, and here are other numbers")
            self._factor = top / float(space.high.max())

    def module(self, *, normalises: bool) -> nn.Module:
        """See ``Converter.module``."""
        divided = normalises and is_image_space(self._own)
        return _Scaled(self._factor / (255 if divided else 1), self._shape, self._channels_last)

    def __call__(self, observations: NDArray[Any]) -> NDArray[Any]:
        arrays = np.asarray(observations, np.float32)
        if self._factor != 1:
            arrays = (arrays * np.float32(self._factor)).round()
        if self._channels_last:
            arrays = np.moveaxis(arrays, 1, -1)
        arrays = np.ascontiguousarray(arrays.reshape(len(arrays), *self._shape))
        # Indices instead of one-hot vectors; stable-baselines3 counts them from 0.
        if isinstance(self._own, spaces.Discrete):
            return np.asarray(arrays.argmax(axis=1))
        if isinstance(self._own, spaces.MultiDiscrete):
            cuts = np.cumsum([0, *self._own.nvec.ravel()])
            return np.stack([arrays[:, a:b].argmax(axis=1) for a, b in pairwise(cuts)], axis=1)
        return arrays


class _Scaled(nn.Module):
    """What ``_Array`` does, for tensors."""

    def __init__(self, factor: float, shape: tuple[int, ...], channels_last: bool) -> None:
        super().__init__()
        self._factor, self._shape, self._channels_last = factor, shape, channels_last

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        scaled = observations * self._factor
        if self._channels_last:
            scaled = scaled.movedim(1, -1)
        return scaled.reshape(len(scaled), *self._shape)


class _Unpacked(nn.Module):
    """The entries of packed dictionaries, each converted."""

    def __init__(self, space: Packed, entries: Mapping[str, nn.Module]) -> None:
        super().__init__()
        self._space, self._entries = space, dict(entries)

    def forward(self, observations: torch.Tensor) -> dict[str, torch.Tensor]:
        unpacked = self._space.unpack(observations)
        return {key: convert(unpacked[key]) for key, convert in self._entries.items()}


def top_byte(space: "gym.Space[Any]") -> float:
    """The largest value of a space of bytes; 0 where observations are not bytes."""
    is_bytes = isinstance(space, spaces.Box) and space.dtype == np.uint8
    return float(space.high.max()) if is_bytes else 0.0  # type: ignore[attr-defined]


def _sides(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(n for n in shape if n > 1)


def _entries(own: spaces.Dict, space: spaces.Box) -> dict[str, _Array]:
    """The conversion of each entry of a model's dictionary, in the model's order."""
    names = ", ".join(own)
    if not isinstance(space, Packed):
        raise UnfitError(f"was trained on a dictionary of {names}, and here are no dictionaries")
    here = space.entries()
    if here.keys() != own.keys():
        raise UnfitError(
            f"was trained on a dictionary of {names}, and here it has {', '.join(here)}"
        )
    return {key: _Array(one, here[key], f" for {key}") for key, one in own.items()}


def _plain(own: "gym.Space[Any]", space: spaces.Box) -> _Array:
    """The conversion of observations for a model that was not trained on dictionaries."""
    if isinstance(space, Packed):
        pictures = [part.name for part in space.parts if len(part.shape) > 1]
        if pictures:
            raise UnfitError(
                f"was not trained on dictionaries, and here is one with pictures "
                f"({', '.join(pictures)}); name an entry, or put the wrapper around it that it "
                "was trained with"
            )
    return _Array(own, space)
