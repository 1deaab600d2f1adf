"""A residual network of dense layers (He et al. 2016)."""

from math import prod

import gymnasium as gym
import torch
from torch import nn


class Residual(nn.Module):
    """Blocks that add to their input what two layers make of it: ``x + W2 relu(W1 x)``.

    The flattened observation is first embedded linearly. Blocks start as the identity, since their
    last layers are zero at first (Goyal et al. 2017, https://arxiv.org/abs/1706.02677).

    Args:
        n_inputs: Entries of an observation.
        width: Features of the trunk.
        hidden: Hidden units of each block.
        depth: Number of blocks.
    """

    def __init__(self, n_inputs: int, *, width: int, hidden: int, depth: int) -> None:
        super().__init__()
        self.n_features = width
        self.embed = nn.Sequential(nn.Flatten(), nn.Linear(n_inputs, width))
        self.blocks = nn.ModuleList(_block(width, hidden) for _ in range(depth))

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        """From float32 ``(B, *shape)`` to ``(B, width)``."""
        features: torch.Tensor = self.embed(observations)
        for block in self.blocks:
            features = features + block(features)
        return features


def _block(width: int, hidden: int) -> nn.Sequential:
    last = nn.Linear(hidden, width)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), last)


def make(space: gym.spaces.Box, *, width: int, hidden: int, depth: int) -> Residual:
    """Make it for an observation space of any shape."""
    return Residual(prod(space.shape), width=width, hidden=hidden, depth=depth)
