"""Parts of sb3-contrib's policies as linear layers, which a policy that plays can be made of."""

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import nn


class MeanOfQuantiles(nn.Module):
    """The mean of linear quantiles as a linear head, which tracks their weights.

    Args:
        layer: Returns quantile ``q`` of action ``a`` at ``q * n_actions + a``, as QR-DQN does.
        n_actions: Number of actions.
    """

    def __init__(self, layer: nn.Linear, n_actions: int) -> None:
        super().__init__()
        self._quantiles, self._n_actions = layer, n_actions

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Action values, ``(B, n_actions)``."""
        return nn.functional.linear(features, **self.state_dict())

    def state_dict(  # type: ignore[override]
        self, *args: Any, **keys: Any
    ) -> dict[str, torch.Tensor]:
        """Weight and bias of the linear layer: the quantiles are not part of the policy."""
        del args, keys
        weight, bias = self._quantiles.weight.detach(), self._quantiles.bias.detach()
        return {
            "weight": weight.reshape(-1, self._n_actions, weight.shape[1]).mean(0),
            "bias": bias.reshape(-1, self._n_actions).mean(0),
        }


class Renormed(nn.Module):
    """A batch renormalisation and the linear layer after it as one linear layer, which tracks both.

    CrossQ (Bhatt et al. 2024, https://arxiv.org/abs/1902.05605) has one before every layer of an
    actor. While a policy is evaluated it is a scale and a shift of each feature.

    Args:
        renorm: sb3-contrib's ``BatchRenorm1d``.
        layer: The linear layer.
    """

    def __init__(self, renorm: nn.Module, layer: nn.Linear) -> None:
        super().__init__()
        self._renorm, self._layer = renorm, layer
        self.in_features, self.out_features = layer.in_features, layer.out_features

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """``(B, out_features)``."""
        return nn.functional.linear(features, **self.state_dict())

    def state_dict(  # type: ignore[override]
        self,
        *,
        destination: dict[str, Any] | None = None,
        prefix: str = "",
        keep_vars: bool = False,
    ) -> dict[str, Any]:
        """Weight and bias of the equivalent linear layer."""
        del keep_vars
        renorm: Any = self._renorm
        scale = renorm.scale.detach() / (renorm.ra_var + renorm.eps).sqrt()
        shift = renorm.bias.detach() - renorm.ra_mean * scale
        weight, bias = self._layer.weight.detach(), self._layer.bias.detach()
        own = {"weight": weight * scale, "bias": bias + weight @ shift}
        state = {} if destination is None else destination
        state.update({f"{prefix}{name}": tensor for name, tensor in own.items()})
        return state


def joined(layers: Iterable[nn.Module]) -> Iterator[nn.Module]:
    """Join each linear layer with the renormalisation before it; leave out one at the end."""
    before = None
    for layer in layers:
        if hasattr(layer, "ra_mean"):
            before = layer
        elif before is not None and isinstance(layer, nn.Linear):
            yield Renormed(before, layer)
            before = None
        else:
            yield layer
