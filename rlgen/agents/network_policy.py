"""Any torch module from observations to scores as a policy."""

from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from rlgen.agents import box_head
from rlgen.continuous import Actions, ContinuousPolicy
from rlgen.policy import MemorylessPolicy

#: Observations passed through a network at once.
BATCH = 1024


class NetworkPolicy(MemorylessPolicy):
    """A torch module as a policy.

    Args:
        module: From float32 ``(B, *observation shape)`` to ``(B, A)``.
        softmax: Whether it gives logits; else action values, of which the best is taken.
    """

    def __init__(self, module: nn.Module, *, softmax: bool) -> None:
        self._module, self.stochastic = _eval(module), softmax

    def probabilities(self, observations: NDArray[Any]) -> NDArray[np.float64]:
        """See ``MemorylessPolicy.probabilities``."""
        parts = []
        with torch.inference_mode():
            for first in range(0, len(observations), BATCH):
                part = torch.from_numpy(np.ascontiguousarray(observations[first : first + BATCH]))
                scores = self._module(part.float()).double()
                parts.append(
                    scores.softmax(1)
                    if self.stochastic
                    else nn.functional.one_hot(scores.argmax(1), scores.shape[1]).double()
                )
        out: NDArray[np.float64] = torch.cat(parts).numpy()
        return out


class ContinuousNetworkPolicy(ContinuousPolicy):
    """A torch module as a policy whose actions are vectors of numbers.

    Args:
        module: From float32 ``(B, *observation shape)`` to ``box_head.Normals``.
        box: Of the actions.
        squashed: Whether means are squashed into the box, else clipped to it.
        stochastic: Whether the module gives standard deviations.
    """

    def __init__(
        self, module: nn.Module, box: gym.spaces.Box, *, squashed: bool, stochastic: bool
    ) -> None:
        self._module, self._box, self._squashed = _eval(module), box, squashed
        self.stochastic = stochastic

    def act(
        self, observations: NDArray[Any], memory: Any, rng: np.random.Generator | None
    ) -> tuple[Actions, Any]:
        """See ``ContinuousPolicy.act``."""
        seen = np.asarray(observations, np.float32)
        actions = box_head.play(
            self._module, seen, rng, self._box, squashed=self._squashed, batch=BATCH
        )
        return actions, memory


def acting(module: nn.Module) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """A module that gives actions as a function from observations ``(B, ...)``."""
    played = _eval(module)

    def act(observations: NDArray[Any]) -> NDArray[Any]:
        parts = []
        with torch.inference_mode():
            for first in range(0, len(observations), BATCH):
                part = np.ascontiguousarray(observations[first : first + BATCH])
                parts.append(played(torch.from_numpy(part).float()))
        out: NDArray[Any] = torch.cat(parts).numpy()
        return out

    return act


def _eval(module: nn.Module) -> nn.Module:
    """The module as it acts; an exported program has no other way."""
    try:
        return module.eval()
    except NotImplementedError:
        return module
