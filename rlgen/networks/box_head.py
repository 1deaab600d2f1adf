"""Heads from a network's features to continuous actions."""

import torch
from torch import nn

#: Head -> whether the mean is squashed into the box with tanh; otherwise actions are clipped to it.
SQUASHED = {"gaussian": False, "tanh-gaussian": True, "clip": False, "tanh": True}
#: The heads that draw actions: their log standard deviation is a parameter, or a layer's output.
PARAMETER, LAYER = "gaussian", "tanh-gaussian"
#: Bounds of a layer's log standard deviation, as in stable-baselines3.
LOG_STD = (-20.0, 2.0)
#: Means ``(B, D)``, and log standard deviations ``(B, D)`` or None where actions are not drawn.
Normals = tuple[torch.Tensor, torch.Tensor | None]


class BoxHead(nn.Module):
    """Means and standard deviations of normally distributed actions.

    Args:
        mean: From features to ``(B, D)``.
        log_std: ``(D,)``; or a module from features to ``(B, D)``, clamped to ``LOG_STD`` if it is
            a linear layer; or None: then actions are not drawn.
    """

    def __init__(self, mean: nn.Module, log_std: nn.Parameter | nn.Module | None) -> None:
        super().__init__()
        self.mean, self.log_std = mean, log_std

    def forward(self, features: torch.Tensor) -> Normals:
        """Means and log standard deviations."""
        mean, log_std = self.mean(features), self.log_std
        if isinstance(log_std, nn.Linear):
            return mean, log_std(features).clamp(*LOG_STD)
        if isinstance(log_std, nn.Module):
            return mean, log_std(features)
        return mean, None if log_std is None else log_std.expand_as(mean)


def untrained(head: str, width: int, size: int) -> BoxHead:
    """An untrained head.

    Args:
        head: Key of ``SQUASHED``.
        width: Number of features.
        size: Number of entries of an action.
    """
    log_std: nn.Parameter | nn.Module | None = None
    if head == PARAMETER:
        log_std = nn.Parameter(torch.zeros(size))
    elif head == LAYER:
        log_std = nn.Linear(width, size)
    return BoxHead(nn.Linear(width, size), log_std)
