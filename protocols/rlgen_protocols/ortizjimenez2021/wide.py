"""A network that hardly leaves its linearization: very wide, in NTK parametrisation."""

from math import prod

import gymnasium as gym
import torch
from torch import nn


class Scaled(nn.Module):
    """A linear layer with weights of variance 1, whose output is divided by the root of its inputs.

    Jacot et al. (2018), https://arxiv.org/abs/1806.07572.
    """

    def __init__(self, n_inputs: int, n_outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(n_outputs, n_inputs))
        self._scale = n_inputs**-0.5
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights anew."""
        nn.init.normal_(self.weight)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """``(B, n_outputs)`` of ``(B, n_inputs)``."""
        return torch.mul(nn.functional.linear(inputs, self.weight), self._scale)


class NtkMlp(nn.Module):
    """One hidden layer of ReLU, and a head of its own."""

    def __init__(self, n_inputs: int, width: int) -> None:
        super().__init__()
        self.n_features = width
        self.hidden = nn.Sequential(nn.Flatten(), Scaled(n_inputs, width), nn.ReLU())

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        """``(B, width)`` of ``(B, *shape)``."""
        features: torch.Tensor = self.hidden(observations)
        return features

    def head(self, n_actions: int) -> nn.Module:
        """From features to scores."""
        return Scaled(self.n_features, n_actions)


def make(space: gym.spaces.Box, *, width: int) -> NtkMlp:
    """Make it for an observation space of any shape."""
    return NtkMlp(prod(space.shape), width)
