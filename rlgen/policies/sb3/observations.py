"""Observations as a stable-baselines3 model knew them, from what is shown here.

A model may have seen pictures as bytes or tables with their channels last, where our families show
numbers divided by 255 and channels first (``rlgen_envs.registered.observing``).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from torch import nn

from rlgen.levels.spaces import Packed

#: The highest byte: what stable-baselines3 divides pictures by.
BYTE = 255
#: The entries in the text of a dictionary's spaces, as gymnasium prints it.
ENTRY = re.compile(r"'([^']*)': (\w+)\((.*?)\)(?=, '[^']*': \w+\(|\}$)")


class UnfitError(Exception):
    """Why what is shown here is not what a model has seen."""


@dataclass(frozen=True)
class Known:
    """A space of a model, as far as it matters.

    Attributes:
        shape: Of the arrays that its network flattened; of one-hot vectors their length.
        top: The highest number in whole numbers of bytes; 0 where they are no bytes.
    """

    shape: tuple[int, ...]
    top: float = 0.0

    @property
    def picture(self) -> bool:
        """Whether stable-baselines3 takes it for a picture, and divides it."""
        return len(self.shape) == 3 and self.top == BYTE

    @classmethod
    def of(cls, space: "gym.Space[Any]") -> "Known":
        """What is known of a space at hand."""
        if isinstance(space, spaces.Box):
            bytes_ = space.dtype == np.uint8
            return cls(space.shape, float(space.high.max()) if bytes_ else 0.0)
        return cls((int(spaces.flatdim(space)),))

    @classmethod
    def told(cls, space: Mapping[str, Any]) -> "Known | dict[str, Known] | None":
        """What a zip says of a space without being unpickled; None if that is too little."""
        kind = str(space.get(":type:", ""))
        if kind.endswith(".Dict'>"):
            text = space.get("spaces")
            entries = ENTRY.findall(text) if isinstance(text, str) else []
            told = {key: cls._printed(name, inside) for key, name, inside in entries}
            known = {key: one for key, one in told.items() if one is not None}
            return known if known and len(known) == len(told) else None
        if kind.endswith(".Box'>"):
            shape = space.get("_shape")
            if not isinstance(shape, list):
                return None
            top = _highest(space.get("high")) if space.get("dtype") == "uint8" else 0.0
            return cls(tuple(shape), top)
        return cls._printed(
            kind.split(".")[-1].removesuffix("'>"), str(space.get("nvec", space.get("n")))
        )

    @classmethod
    def _printed(cls, kind: str, inside: str) -> "Known | None":
        """A space as gymnasium prints it: what stands in its brackets."""
        if kind == "Box":
            found = re.search(r"\((\d[\d, ]*),?\), (\w+)$", inside)
            if found is None:
                return None
            ends = inside[: found.start()]
            shape = tuple(int(n) for n in re.findall(r"\d+", found[1]))
            return cls(shape, _highest(ends) if found[2] == "uint8" else 0.0)
        numbers = [int(n) for n in re.findall(r"\d+", inside.split("start")[0])]
        if not numbers or kind not in ("Discrete", "MultiDiscrete", "MultiBinary"):
            return None
        return cls((sum(numbers) if kind == "MultiDiscrete" else prod(numbers),))


def _highest(text: Any) -> float:
    """The highest number in an array's text."""
    return float(max((int(n) for n in re.findall(r"\d+", str(text))), default=0))


class Look(nn.Module):
    """Arrays ``(B, *shown)`` as the model knew them, ``(B, *known.shape)``.

    Args:
        known: What the model knew.
        space: What is shown here.
        where: What is shown, for messages.
        divided: Whether pictures are divided by 255, as stable-baselines3 does it itself.

    Raises:
        UnfitError: If they differ by more than this.
    """

    def __init__(
        self, known: Known, space: spaces.Box, where: str = "", *, divided: bool = False
    ) -> None:
        super().__init__()
        shown, self._shape = space.shape, known.shape
        self._last = known.shape != shown and known.shape == (*shown[1:], *shown[:1])
        if not self._last and tuple(n for n in shown if n > 1) != tuple(
            n for n in known.shape if n > 1
        ):
            raise UnfitError(
                f"was trained on observations of shape {known.shape}{where}, and here they have "
                f"{shown}"
            )
        self._factor, self._divisor = 1.0, float(BYTE) if divided and known.picture else 1.0
        if known.top:
            top = float(space.high.max())
            if not np.isfinite(top):
                raise UnfitError(f"was trained on bytes{where}, and here are other numbers")
            self._factor = known.top / top

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        """What the model saw, float32."""
        seen = observations.float()
        if self._factor != 1:
            seen = (seen * self._factor).round()
        if self._last:
            seen = seen.movedim(1, -1)
        return seen.reshape(len(seen), *self._shape) / self._divisor


def looks(
    known: Mapping[str, Known], space: spaces.Box, *, divided: bool = False
) -> dict[str, Look]:
    """How each entry of a model's dictionary looks, in the model's order.

    Raises:
        UnfitError: If there is another dictionary, or none.
    """
    if not isinstance(space, Packed):
        raise UnfitError(
            f"was trained on a dictionary of {', '.join(known)}, and here are no dictionaries"
        )
    here = space.entries()
    if here.keys() != known.keys():
        raise UnfitError(
            f"was trained on a dictionary of {', '.join(known)}, and here it has {', '.join(here)}"
        )
    return {key: Look(one, here[key], f" for {key}", divided=divided) for key, one in known.items()}


def plain(known: Known, space: spaces.Box, *, divided: bool = False) -> Look:
    """How an observation that is no dictionary to the model looks.

    Raises:
        UnfitError: If it is another, or one here whose entries it cannot have seen like this.
    """
    if isinstance(space, Packed):
        pictures = [part.name for part in space.parts if len(part.shape) > 1]
        if pictures:
            raise UnfitError(
                f"was trained on no dictionary, and here is one with pictures "
                f"({', '.join(pictures)}); name an entry, or put the wrapper around it that it "
                "was trained with"
            )
    return Look(known, space, divided=divided)


class EntriesLook(nn.Module):
    """What a model makes of a dictionary: the features of each entry, one after the other.

    Args:
        space: What is shown here, a ``Packed``.
        entries: Of ``looks``.
        features: What each goes through.
    """

    def __init__(
        self, space: spaces.Box, entries: Mapping[str, Look], features: Sequence[nn.Module]
    ) -> None:
        super().__init__()
        assert isinstance(space, Packed), "looks says so"
        self._space, self._names = space, list(entries)
        self._features = nn.ModuleList(
            nn.Sequential(look, layers)
            for look, layers in zip(entries.values(), features, strict=True)
        )

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        """``(B, features)``."""
        told = self._space.unpack(observations)
        named = zip(self._names, self._features, strict=True)
        return torch.cat([layers(told[name]) for name, layers in named], dim=1)


class Seen:
    """Observations as a model at hand takes them.

    Args:
        own: Its space.
        space: What is shown here.

    Raises:
        UnfitError: If it has seen something else.
    """

    def __init__(self, own: "gym.Space[Any]", space: spaces.Box) -> None:
        self._own, self._space = own, space
        if isinstance(own, spaces.Dict):
            self._looks = looks({key: Known.of(part) for key, part in own.items()}, space)
        else:
            self._look = plain(Known.of(own), space)

    def __call__(self, observations: NDArray[Any]) -> Any:
        """An array ``(B, ...)``, or a dictionary of them."""
        told = torch.from_numpy(np.ascontiguousarray(observations))
        if not isinstance(self._own, spaces.Dict):
            return _named(self._own, self._look(told).numpy())
        assert isinstance(self._space, Packed), "looks says so"
        entries = self._space.unpack(told)
        return {
            key: _named(self._own[key], look(entries[key]).numpy())
            for key, look in self._looks.items()
        }


def _named(space: "gym.Space[Any]", one_hot: NDArray[Any]) -> NDArray[Any]:
    """Numbers of things instead of one-hot vectors; stable-baselines3 has them begin with 0."""
    if isinstance(space, spaces.Discrete):
        return np.asarray(one_hot.argmax(axis=1))
    if isinstance(space, spaces.MultiDiscrete):
        cuts = np.cumsum([0, *space.nvec.ravel()])
        return np.stack([one_hot[:, a:b].argmax(axis=1) for a, b in pairwise(cuts)], axis=1)
    return one_hot
