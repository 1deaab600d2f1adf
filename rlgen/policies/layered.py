"""A policy's network as torch modules that can be differentiated in every way."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from torch import nn


@dataclass(frozen=True)
class Layered:
    """Fresh copies of a policy's network, from a family's observations to scores.

    Modules keep the dtype of what they are given, change nothing in place and branch on no values,
    so that ``torch.func`` takes them.

    Attributes:
        inputs: From observations ``(B, *observation shape)`` to what the trunk was trained on.
        trunk: To features ``(B, F)``.
        head: From features, or what the LSTM makes of them, to scores ``(B, A)``.
        softmax: Whether scores are logits; otherwise they are action values, and the policy is
            greedy.
        lstm: Between trunk and head, if it has one.
    """

    inputs: nn.Module
    trunk: nn.Module
    head: nn.Module
    softmax: bool
    lstm: nn.LSTM | None = None

    def after(self, change: nn.Module) -> "Layered":
        """The same network, whose observations are changed first."""
        return replace(self, inputs=nn.Sequential(change, self.inputs))


#: Makes fresh copies, or raises a ``PolicyError`` that says why not.
MakeLayered = Callable[[], Layered]


@runtime_checkable
class Differentiable(Protocol):
    """What a policy has whose network can be looked into. Asked with ``isinstance``."""

    def layered(self) -> Layered:
        """Fresh copies of its network.

        Raises:
            PolicyError: If its network is of a kind that cannot be taken apart.
        """
