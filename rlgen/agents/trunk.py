"""A network of the catalogue as a torch module."""

import gymnasium as gym
import torch
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from torch import nn

from rlgen.agents.networks import Network


class Trunk(nn.Sequential):
    """Layers from observations ``(B, *shape)`` to float32 features ``(B, features)``.

    Attributes:
        precision: Of the arithmetic inside; weights and features are float32 in any case.
    """

    precision: torch.dtype = torch.float32

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        """The features."""
        if observations.dim() == 4:
            # Convolutions of few channels are twice as fast with the channels innermost.
            observations = observations.contiguous(memory_format=torch.channels_last)
        narrow = self.precision != torch.float32
        with torch.autocast(observations.device.type, dtype=self.precision, enabled=narrow):
            for layer in self:
                observations = layer(observations)
        return observations.float()


def layers(network: Network, shape: tuple[int, ...]) -> Trunk:
    """The trunk for observations of this shape."""
    modules: list[nn.Module] = []
    if network.convs:
        network.n_features(shape)  # says so if it does not fit
        channels = shape[0]
        for conv in network.convs:
            modules += [nn.Conv2d(channels, conv.channels, conv.kernel, conv.stride), nn.ReLU()]
            channels = conv.channels
        modules.append(nn.Flatten())
    else:
        modules.append(nn.Flatten())
        width = int(torch.Size(shape).numel())
        for size in network.dense:
            modules += [nn.Linear(width, size), nn.ReLU()]
            width = size
    return Trunk(*modules)


class TrunkExtractor(BaseFeaturesExtractor):
    """The trunk as a features extractor of stable-baselines3."""

    def __init__(
        self,
        observation_space: gym.spaces.Box,
        network: Network,
        precision: torch.dtype = torch.float32,
    ) -> None:
        super().__init__(observation_space, network.n_features(observation_space.shape))
        self.layers = layers(network, observation_space.shape)
        self.layers.precision = precision

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        """Features ``(B, features)``."""
        return torch.as_tensor(self.layers(observations))
