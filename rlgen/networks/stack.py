"""Layers as data, made into torch modules."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import torch
from torch import nn

from rlgen.levels.spaces import Part
from rlgen.networks.trunk import ChannelsLast, Trunk

if TYPE_CHECKING:
    from rlgen.networks.layers import Layers


class Entries(nn.Module):
    """Convolutions of each picture of a dictionary, concatenated with its other entries.

    Args:
        network: A network with convolutions.
        parts: The layout of observations ``(B, N)``, with at least one picture.
    """

    def __init__(self, network: "Layers", parts: Sequence[Part]) -> None:
        super().__init__()
        self._parts = tuple(parts)
        self.innermost = ChannelsLast()
        self.convs = nn.ModuleList(
            nn.Sequential(*_convs(network, part.shape[0]), nn.Flatten())
            for part in parts
            if part.is_picture
        )

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        """``(B, network.n_inputs)``, in the order of the parts."""
        convs, features = iter(self.convs), []
        for part in self._parts:
            entry = observations[:, part.rows]
            if part.is_picture:
                entry = next(convs)(self.innermost(entry.reshape(-1, *part.shape)))
            features.append(entry)
        return torch.cat(features, dim=1)


def layers(network: "Layers", shape: tuple[int, ...], parts: Sequence[Part] = ()) -> Trunk:
    """Make an untrained trunk.

    Args:
        network: The network.
        shape: Shape of one observation.
        parts: Where dictionary observations are packed in vectors: their layout.

    Raises:
        ProtocolError: If the network does not fit the observations.
    """
    width = network.n_inputs(shape, parts)
    modules: list[nn.Module] = []
    if network.convs and parts:
        modules.append(Entries(network, parts))
    else:
        modules += [*_convs(network, shape[0]), nn.Flatten()]
    for size in network.dense:
        modules += [nn.Linear(width, size), nn.ReLU()]
        width = size
    return Trunk(*modules)


def _convs(network: "Layers", channels: int) -> Iterator[nn.Module]:
    for conv in network.convs:
        yield nn.Conv2d(channels, conv.channels, conv.kernel, conv.stride, conv.padding)
        yield nn.ReLU()
        channels = conv.channels
