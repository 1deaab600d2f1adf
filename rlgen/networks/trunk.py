"""Trunks: networks of the catalogue as torch modules."""

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import cast

import gymnasium as gym
import torch
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from torch import nn

from rlgen.networks.base import Network
from rlgen.networks.kernels.narrow import MOST_CHANNELS, narrow_convs
from rlgen.networks.kernels.sparse import Deviations, sparse_layer

#: Largest share of deviating pixels for which the first layer is computed from deviations.
MOST_DEVIATING = 0.25


class ChannelsLast(nn.Module):
    """Pictures with the channels innermost in memory, where convolutions are twice as fast."""

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """The same numbers."""
        return pictures.contiguous(memory_format=torch.channels_last)


class Trunk(nn.Sequential):
    """Layers from observations ``(B, *shape)`` to float32 features ``(B, features)``.

    Observations may be uint8 or float32. On a CPU uint8 is faster: the first layers are then
    computed from deviations (``sparse``, ``narrow``), with the same result up to rounding.

    Attributes:
        precision: Precision of the arithmetic; weights and features are always float32.
        own_head: Whether ``head`` is one of the network's own, not linear.
        masks: Factors of the outputs of modules, the same for all observations, by the index of
            the module; used by ``dropout``.
    """

    precision: torch.dtype = torch.float32
    own_head: bool = False
    masks: Mapping[int | str, torch.Tensor]

    def __init__(self, *modules: nn.Module) -> None:
        super().__init__(*modules)
        self.masks = {}

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        """The features."""
        features, done = self._first_layers(observations)
        narrow = self.precision != torch.float32
        with torch.autocast(features.device.type, dtype=self.precision, enabled=narrow):
            # The layers computed so far end with a ReLU.
            features = self._masked(features, done - 1)
            for place, layer in enumerate(list(self.children())[done:], done):
                features = self._masked(layer(features), place)
        return features.float()

    def _masked(self, features: torch.Tensor, place: int | str) -> torch.Tensor:
        return features * self.masks[place] if place in self.masks else features

    @contextmanager
    def evaluating(self) -> Iterator[None]:
        """Compute in float32 and with all units within this context."""
        learning = self.precision, self.masks
        self.precision, self.masks = torch.float32, {}
        try:
            yield
        finally:
            self.precision, self.masks = learning

    def plain(self) -> nn.Module:
        """A copy of the layers that keeps the dtype of its inputs and that ``torch.func`` takes.

        It computes what ``evaluating`` does, up to rounding, and by no other way than the layers.
        """
        own = copy.deepcopy(self)
        own.masks = {}
        for module in list(own.modules()):
            for name, inner in module.named_children():
                if isinstance(inner, ChannelsLast):
                    setattr(module, name, nn.Identity())
        return nn.Sequential(*own.children())

    def head(self, n_features: int, n_scores: int) -> nn.Module:
        """An untrained head for this trunk, from features to scores ``(B, n_scores)``."""
        return nn.Linear(n_features, n_scores)

    def hidden_shapes(self, shape: tuple[int, ...]) -> dict[int | str, tuple[int, ...]]:
        """Shapes of hidden units by the index of their ReLU, for observations of a shape."""
        features = torch.zeros(1, *shape, device=next(self.parameters()).device)
        shapes: dict[int | str, tuple[int, ...]] = {}
        with torch.no_grad():
            for place, layer in enumerate(self.children()):
                features = layer(features)
                if isinstance(layer, nn.ReLU):
                    shapes[place] = tuple(features.shape[1:])
        return shapes

    def _first_layers(self, observations: torch.Tensor) -> tuple[torch.Tensor, int]:
        """The output of the first layers, and the number of modules computed."""
        bytes_ = observations.dtype == torch.uint8 and observations.device.type == "cpu"
        if bytes_ and len(observations) and self._computes(observations):
            deviations = Deviations.of(observations)
            if len(deviations.index) <= MOST_DEVIATING * observations.numel():
                return self._by_deviations(deviations)
        return self.inputs(observations), 0

    @staticmethod
    def inputs(observations: torch.Tensor) -> torch.Tensor:
        """Observations as float32, pictures with the channels innermost in memory."""
        features = observations.float()
        if features.dim() == 4:
            # Convolutions of few channels are twice as fast so.
            features = features.contiguous(memory_format=torch.channels_last)
        return features

    def _computes(self, observations: torch.Tensor) -> bool:
        """Whether the compiled layers compute these modules for such observations.

        They do not check where they read: observations of another shape are left to torch, which
        refuses them.
        """
        if len(self) < 2:
            return False
        first, second = self[0], self[1]
        if isinstance(first, nn.Conv2d):
            padded = any(isinstance(m, nn.Conv2d) and m.padding != (0, 0) for m in self)
            return not padded and first.in_channels == observations.shape[1]
        if isinstance(first, nn.Flatten) and isinstance(second, nn.Linear):
            return second.in_features == observations[0].numel()
        return False

    def _by_deviations(self, deviations: Deviations) -> tuple[torch.Tensor, int]:
        modules = list(self.children())
        convs = [layer for layer in modules if isinstance(layer, nn.Conv2d)]
        if convs:
            parameters = [
                (conv.weight, cast(torch.Tensor, conv.bias), conv.stride[0]) for conv in convs
            ]
            # These are computed in one go, where nothing can be masked between them.
            if max(conv.out_channels for conv in convs) <= MOST_CHANNELS and not self.masks:
                return narrow_convs(deviations, parameters), 2 * len(convs) + 1
            return sparse_layer(deviations, *parameters[0]), 2
        _, linear, _ = modules[:3]  # flatten, linear, ReLU
        assert isinstance(linear, nn.Linear)
        weight = linear.weight[:, :, None, None]
        return sparse_layer(deviations.flat(), weight, linear.bias, 1).flatten(1), 3


class TrunkExtractor(BaseFeaturesExtractor):
    """The trunk as a features extractor of stable-baselines3."""

    def __init__(
        self,
        observation_space: gym.spaces.Box,
        network: Network,
        precision: torch.dtype = torch.float32,
    ) -> None:
        trunk, width = network.build(observation_space)
        super().__init__(observation_space, width)
        self.layers = trunk
        self.layers.precision = precision

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        """Features ``(B, features)``."""
        return torch.as_tensor(self.layers(observations))
