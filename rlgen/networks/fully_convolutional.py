"""A fully convolutional network (Long et al. 2015), which takes pictures of any size."""

from typing import cast

import gymnasium as gym
import torch
from torch import nn


class FullyConvolutional(nn.Module):
    """Dilated 3 x 3 convolutions that keep the size, global pooling, and one dense layer.

    The dilation doubles from layer to layer (Yu and Koltun 2016, https://arxiv.org/abs/1511.07122),
    so that ``K`` layers see ``2^K - 1`` cells in each direction, whatever the size of the picture.
    Each channel is pooled to its maximum and its mean over all cells.

    Weights are orthogonal at first, as stable-baselines3 makes those of its own networks.

    Args:
        n_channels: Channels of a picture.
        channels: Channels of each convolution.
        layers: Number of convolutions.
        width: Units of the dense layer.
    """

    def __init__(self, n_channels: int, *, channels: int, layers: int, width: int) -> None:
        super().__init__()
        self.n_features = width
        convs: list[nn.Module] = []
        for layer in range(layers):
            inputs, reach = channels if layer else n_channels, 2**layer
            convs += [nn.Conv2d(inputs, channels, 3, padding=reach, dilation=reach), nn.ReLU()]
        self.convs = nn.Sequential(*convs)
        self.dense = nn.Sequential(nn.Linear(2 * channels, width), nn.ReLU())
        for part in self.modules():
            if isinstance(part, nn.Conv2d | nn.Linear):
                nn.init.orthogonal_(part.weight, nn.init.calculate_gain("relu"))
                nn.init.zeros_(cast(nn.Parameter, part.bias))

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        """From float32 ``(B, n_channels, H, W)`` to ``(B, width)``."""
        cells = self.convs(observations)
        features: torch.Tensor = self.dense(torch.cat([cells.amax((2, 3)), cells.mean((2, 3))], 1))
        return features


def make(space: gym.spaces.Box, *, channels: int, layers: int, width: int) -> FullyConvolutional:
    """Make it for an observation space ``(C, H, W)``."""
    return FullyConvolutional(space.shape[0], channels=channels, layers=layers, width=width)
