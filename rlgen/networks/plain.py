"""Networks as plain torch modules, which any transformation of torch can look into."""

from copy import deepcopy

import torch
from torch import nn

from rlgen.networks.trunk import Trunk


def plain(trunk: Trunk, head: nn.Module, dtype: torch.dtype = torch.float32) -> nn.Sequential:
    """A copy of trunk and head from observations ``(B, *shape)`` to scores ``(B, A)``.

    It computes what they compute, without compiled layers, masks and conversions of precision: all
    of it can be differentiated, forwards and backwards, twice, and under ``torch.func``.

    Args:
        trunk: Of the catalogue's networks.
        head: From its features to scores.
        dtype: Of weights, observations and scores.

    Example:
        >>> trunk = Trunk(nn.Flatten(), nn.Linear(4, 3), nn.ReLU())
        >>> plain(trunk, nn.Linear(3, 2), torch.float64)(torch.ones(5, 2, 2).double()).shape
        torch.Size([5, 2])
    """
    with trunk.evaluating():
        copies = [deepcopy(module) for module in (*trunk.children(), head)]
    return nn.Sequential(*copies).to(dtype).eval()
