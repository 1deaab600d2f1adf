"""Convert a family's observations into those that a stable-baselines3 model was trained on.

A model may have been trained on pictures of bytes, or with their channels last, where our families
divide by 255 and put channels first (``rlgen_envs.registered.observing``).
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

#: The largest byte; stable-baselines3 divides pictures by it.
BYTE = 255
#: The entries in the text of a dictionary space, as Gymnasium prints it.
ENTRY = re.compile(r"'([^']*)': (\w+)\((.*?)\)(?=, '[^']*': \w+\(|\}$)")


class UnfitError(Exception):
    """The reason why observations are not those that a model was trained on."""


@dataclass(frozen=True)
class ModelSpace:
    """The parts of a model's observation space that its network depends on.

    Attributes:
        shape: Shape of the arrays that its network receives; of one-hot vectors their length.
        top: The largest value of bytes; 0 where observations are not bytes.
    """

    shape: tuple[int, ...]
    top: float = 0.0

    @property
    def picture(self) -> bool:
        """Whether stable-baselines3 treats it as a picture, and divides it by ``BYTE``."""
        return len(self.shape) == 3 and self.top == BYTE

    @classmethod
    def of(cls, space: "gym.Space[Any]") -> "ModelSpace":
        """Read them off a Gymnasium space."""
        if isinstance(space, spaces.Box):
            bytes_ = space.dtype == np.uint8
            return cls(space.shape, float(space.high.max()) if bytes_ else 0.0)
        return cls((int(spaces.flatdim(space)),))

    @classmethod
    def of_json(cls, space: Mapping[str, Any]) -> "ModelSpace | dict[str, ModelSpace] | None":
        """Read them off a zip's JSON, without unpickling; None if that does not say enough."""
        kind = str(space.get(":type:", ""))
        if kind.endswith(".Dict'>"):
            text = space.get("spaces")
            entries = ENTRY.findall(text) if isinstance(text, str) else []
            parsed = {key: cls._printed(name, inside) for key, name, inside in entries}
            spaces_ = {key: one for key, one in parsed.items() if one is not None}
            return spaces_ if spaces_ and len(spaces_) == len(parsed) else None
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
    def _printed(cls, kind: str, inside: str) -> "ModelSpace | None":
        """From the text in the brackets of a space that Gymnasium has printed."""
        if kind == "Box":
            match = re.search(r"\((\d[\d, ]*),?\), (\w+)$", inside)
            if match is None:
                return None
            bounds = inside[: match.start()]
            shape = tuple(int(n) for n in re.findall(r"\d+", match[1]))
            return cls(shape, _highest(bounds) if match[2] == "uint8" else 0.0)
        numbers = [int(n) for n in re.findall(r"\d+", inside.split("start")[0])]
        if not numbers or kind not in ("Discrete", "MultiDiscrete", "MultiBinary"):
            return None
        return cls((sum(numbers) if kind == "MultiDiscrete" else prod(numbers),))


def _highest(text: Any) -> float:
    """The highest number in an array's text."""
    return float(max((int(n) for n in re.findall(r"\d+", str(text))), default=0))


class Look(nn.Module):
    """Convert arrays ``(B, *space.shape)`` into the model's ``(B, *own.shape)``.

    Args:
        own: The model's space.
        space: The space of the observations here.
        where: Names the entry in messages.
        divided: Whether pictures are divided by 255, as stable-baselines3 does by itself.

    Raises:
        UnfitError: If they differ by more than scale and the place of channels.
    """

    def __init__(
        self, own: ModelSpace, space: spaces.Box, where: str = "", *, divided: bool = False
    ) -> None:
        super().__init__()
        shape, self._shape = space.shape, own.shape
        self._last = own.shape != shape and own.shape == (*shape[1:], *shape[:1])
        if not self._last and tuple(n for n in shape if n > 1) != tuple(
            n for n in own.shape if n > 1
        ):
            raise UnfitError(
                f"was trained on observations of shape {own.shape}{where}, and here they have "
                f"{shape}"
            )
        self._factor, self._divisor = 1.0, float(BYTE) if divided and own.picture else 1.0
        if own.top:
            top = float(space.high.max())
            if not np.isfinite(top):
                raise UnfitError(f"was trained on bytes{where}, and here are other numbers")
            self._factor = own.top / top

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        """The model's observations, float32."""
        arrays = observations.float()
        if self._factor != 1:
            arrays = (arrays * self._factor).round()
        if self._last:
            arrays = arrays.movedim(1, -1)
        return arrays.reshape(len(arrays), *self._shape) / self._divisor


def looks(
    own: Mapping[str, ModelSpace], space: spaces.Box, *, divided: bool = False
) -> dict[str, Look]:
    """The conversion of each entry of a model's dictionary, in the model's order.

    Raises:
        UnfitError: If observations are another dictionary, or not one.
    """
    if not isinstance(space, Packed):
        raise UnfitError(
            f"was trained on a dictionary of {', '.join(own)}, and here are no dictionaries"
        )
    here = space.entries()
    if here.keys() != own.keys():
        raise UnfitError(
            f"was trained on a dictionary of {', '.join(own)}, and here it has {', '.join(here)}"
        )
    return {key: Look(one, here[key], f" for {key}", divided=divided) for key, one in own.items()}


def plain(own: ModelSpace, space: spaces.Box, *, divided: bool = False) -> Look:
    """The conversion of observations for a model that was not trained on dictionaries.

    Raises:
        UnfitError: If observations have another shape, or are a dictionary with pictures.
    """
    if isinstance(space, Packed):
        pictures = [part.name for part in space.parts if len(part.shape) > 1]
        if pictures:
            raise UnfitError(
                f"was not trained on dictionaries, and here is one with pictures "
                f"({', '.join(pictures)}); name an entry, or put the wrapper around it that it "
                "was trained with"
            )
    return Look(own, space, divided=divided)


class EntriesLook(nn.Module):
    """A model's features of dictionary observations: those of each entry, concatenated.

    Args:
        space: The space of the observations here, a ``Packed``.
        entries: From ``looks``.
        features: The layers of each entry.
    """

    def __init__(
        self, space: spaces.Box, entries: Mapping[str, Look], features: Sequence[nn.Module]
    ) -> None:
        super().__init__()
        assert isinstance(space, Packed), "checked by looks"
        self._space, self._names = space, list(entries)
        self._features = nn.ModuleList(
            nn.Sequential(look, layers)
            for look, layers in zip(entries.values(), features, strict=True)
        )

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        """``(B, features)``."""
        entries = self._space.unpack(observations)
        named = zip(self._names, self._features, strict=True)
        return torch.cat([layers(entries[name]) for name, layers in named], dim=1)


class Converter:
    """Convert a family's observations into those that a model in memory takes.

    Args:
        own: The model's observation space.
        space: The space of the observations here.

    Raises:
        UnfitError: If the model was trained on something else.
    """

    def __init__(self, own: "gym.Space[Any]", space: spaces.Box) -> None:
        self._own, self._space = own, space
        if isinstance(own, spaces.Dict):
            self._looks = looks({key: ModelSpace.of(part) for key, part in own.items()}, space)
        else:
            self._look = plain(ModelSpace.of(own), space)

    def __call__(self, observations: NDArray[Any]) -> Any:
        """An array ``(B, ...)``, or a dictionary of them."""
        tensor = torch.from_numpy(np.ascontiguousarray(observations))
        if not isinstance(self._own, spaces.Dict):
            return _named(self._own, self._look(tensor).numpy())
        assert isinstance(self._space, Packed), "checked by looks"
        entries = self._space.unpack(tensor)
        return {
            key: _named(self._own[key], look(entries[key]).numpy())
            for key, look in self._looks.items()
        }


def _named(space: "gym.Space[Any]", one_hot: NDArray[Any]) -> NDArray[Any]:
    """Indices instead of one-hot vectors; stable-baselines3 counts them from 0."""
    if isinstance(space, spaces.Discrete):
        return np.asarray(one_hot.argmax(axis=1))
    if isinstance(space, spaces.MultiDiscrete):
        cuts = np.cumsum([0, *space.nvec.ravel()])
        return np.stack([one_hot[:, a:b].argmax(axis=1) for a, b in pairwise(cuts)], axis=1)
    return one_hot
