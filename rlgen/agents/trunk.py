"""A network of the catalogue as a torch module."""

from typing import Any

import gymnasium as gym
import torch
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from torch import nn

from rlgen.agents.networks import Network


def layers(network: Network, shape: tuple[int, ...]) -> nn.Sequential:
    """The trunk for observations of this shape: ``(B, *shape)`` float to ``(B, features)``."""
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
    return nn.Sequential(*modules)


class TrunkExtractor(BaseFeaturesExtractor):
    """The trunk as a features extractor of stable-baselines3."""

    def __init__(self, observation_space: gym.spaces.Box, network: Network) -> None:
        super().__init__(observation_space, network.n_features(observation_space.shape))
        self.layers = layers(network, observation_space.shape)

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        """Features ``(B, features)``."""
        features: Any = self.layers(observations)
        return torch.as_tensor(features)
