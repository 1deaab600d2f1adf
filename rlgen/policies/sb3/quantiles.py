"""QR-DQN's action values: means of quantiles, which are linear where the quantiles are."""

import torch
from torch import nn


def mean(quantiles: nn.Linear, n_actions: int) -> dict[str, torch.Tensor]:
    """Weight and bias of the linear layer from features to action values.

    Args:
        quantiles: Returns quantile ``q`` of action ``a`` at ``q * n_actions + a``, as QR-DQN does.
        n_actions: Number of actions.
    """
    weight, bias = quantiles.weight.detach(), quantiles.bias.detach()
    return {
        "weight": weight.reshape(-1, n_actions, weight.shape[1]).mean(0),
        "bias": bias.reshape(-1, n_actions).mean(0),
    }
