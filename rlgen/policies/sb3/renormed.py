"""Batch renormalisation with frozen statistics, as part of the linear layer after it.

CrossQ (Bhatt et al. 2024, https://arxiv.org/abs/1902.05605) puts it before every layer of an actor.
While a policy is evaluated, it is a scale and a shift of each feature.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import torch
from torch import nn


def scale_and_shift(
    statistics: Mapping[str, torch.Tensor], eps: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Scale and shift of each feature, ``(F,)`` each.

    Args:
        statistics: ``ra_mean``, ``ra_var``, ``scale`` and ``bias``, ``(F,)`` each.
        eps: Added to variances.
    """
    scale = statistics["scale"] / (statistics["ra_var"] + eps).sqrt()
    return scale, statistics["bias"] - statistics["ra_mean"] * scale


class Still(nn.Module):
    """A renormalisation with frozen statistics.

    Args:
        statistics: See ``scale_and_shift``.
        eps: As there.
    """

    def __init__(self, statistics: Mapping[str, torch.Tensor], eps: float) -> None:
        super().__init__()
        self._scale, self._shift = scale_and_shift(statistics, eps)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """``(B, F)``."""
        return features * self._scale + self._shift


class Renormed(nn.Module):
    """A renormalisation and the linear layer after it as one linear layer, which tracks both.

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
        scale, shift = scale_and_shift(renorm.state_dict(), renorm.eps)
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
