"""From a network's features to actions that are vectors of numbers."""

import torch
from torch import nn

#: Whether the mean is squashed into the box with tanh; else what is outside is clipped to it.
SQUASHED = {"gaussian": False, "tanh-gaussian": True, "clip": False, "tanh": True}
#: The heads that draw: with one standard deviation for all observations, or one for each.
PARAMETER, LAYER = "gaussian", "tanh-gaussian"
#: Ends of the logarithm of a standard deviation that a layer gives, as in stable-baselines3.
LOG_STD = (-20.0, 2.0)
#: What a network gives: means ``(B, D)`` and logarithms of standard deviations, if it draws.
Normals = tuple[torch.Tensor, torch.Tensor | None]


class BoxHead(nn.Module):
    """Means and standard deviations of normal distributions of actions.

    Args:
        mean: Features to ``(B, D)``.
        log_std: ``(D,)``; or a module from features to ``(B, D)``, cut to ``LOG_STD`` if it is a
            linear layer; or None: then nothing is drawn.
    """

    def __init__(self, mean: nn.Module, log_std: nn.Parameter | nn.Module | None) -> None:
        super().__init__()
        self.mean, self.log_std = mean, log_std

    def forward(self, features: torch.Tensor) -> Normals:
        """Means and logarithms of standard deviations."""
        mean, log_std = self.mean(features), self.log_std
        if isinstance(log_std, nn.Linear):
            return mean, log_std(features).clamp(*LOG_STD)
        if isinstance(log_std, nn.Module):
            return mean, log_std(features)
        return mean, None if log_std is None else log_std.expand_as(mean)


def made(head: str, width: int, size: int) -> BoxHead:
    """An untrained head of a name, from ``width`` features to ``size`` numbers."""
    log_std: nn.Parameter | nn.Module | None = None
    if head == PARAMETER:
        log_std = nn.Parameter(torch.zeros(size))
    elif head == LAYER:
        log_std = nn.Linear(width, size)
    return BoxHead(nn.Linear(width, size), log_std)
