"""Policies made of any torch module from observations to scores."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from rlgen.networks import inference
from rlgen.policies.base import MemorylessPolicy

#: A torch module, or a function that calls one.
Layers = Callable[[torch.Tensor], torch.Tensor]


class NetworkPolicy(MemorylessPolicy):
    """A torch module as a policy.

    Args:
        module: From float32 ``(B, *observation shape)`` to scores ``(B, A)``.
        softmax: Whether scores are logits; otherwise they are action values, and the policy is
            greedy.
    """

    def __init__(self, module: Layers, *, softmax: bool) -> None:
        self._module, self.stochastic = evaluated(module), softmax

    def probabilities(self, observations: NDArray[Any]) -> NDArray[np.float64]:
        """See ``MemorylessPolicy.probabilities``."""
        parts = []
        with torch.inference_mode():
            for rows in inference.batches(len(observations)):
                part = torch.from_numpy(np.ascontiguousarray(observations[rows]))
                scores = self._module(part.float())
                parts.append(inference.probabilities(scores, softmax=self.stochastic))
        out: NDArray[np.float64] = torch.cat(parts).numpy()
        return out


def acting(module: Layers) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """A module that returns actions, as a function of numpy arrays ``(B, ...)``."""
    played = evaluated(module)

    def act(observations: NDArray[Any]) -> NDArray[Any]:
        parts = []
        with torch.inference_mode():
            for rows in inference.batches(len(observations)):
                part = torch.from_numpy(np.ascontiguousarray(observations[rows]))
                parts.append(played(part.float()))
        out: NDArray[Any] = torch.cat(parts).numpy()
        return out

    return act


def evaluated(module: Layers) -> Layers:
    """The module in evaluation mode; an exported program has no modes."""
    try:
        return module.eval() if isinstance(module, nn.Module) else module
    except NotImplementedError:
        return module
