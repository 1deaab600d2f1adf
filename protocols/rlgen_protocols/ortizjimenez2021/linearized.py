"""Networks linearized in their weights."""

from copy import deepcopy

import torch
from torch import nn
from torch.func import jvp

from rlgen_protocols.ortizjimenez2021.kernel import scores


class Linearized(nn.Module):
    """First-order Taylor expansion of a network in its weights, ``f(x) + J(x) delta``.

    Its parameters are ``delta``, under the names of the network's own, 0 at first.

    Args:
        net: It is copied, and linearized at its weights.
        offset: Whether the network's own outputs are added; without them it is a linear model of
            the kernel's features that starts from 0.
    """

    def __init__(self, net: nn.Module, *, offset: bool = True) -> None:
        super().__init__()
        self.delta = deepcopy(net)
        # Not a submodule: its weights are no parameters of this one.
        self._origin = (net, {k: p.detach().clone() for k, p in net.named_parameters()})
        self._offset = offset
        with torch.no_grad():
            for parameter in self.delta.parameters():
                parameter.zero_()

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """``(B, A)`` of ``(B, *shape)``."""
        net, origin = self._origin
        tangents = dict(self.delta.named_parameters())
        value, change, *_ = jvp(scores(net, inputs), (origin,), (tangents,))
        return torch.as_tensor(value + change if self._offset else change)
