"""Policies made of any function of observations."""

from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np

from rlgen.errors import ProtocolError
from rlgen.levels.family import Family
from rlgen.levels.spaces import with_entries
from rlgen.policies.base import (
    Actions,
    AnyPolicy,
    ContinuousPolicy,
    MemorylessPolicy,
    Observations,
    Probabilities,
)
from rlgen.policies.box import clipped


class FunctionPolicy(MemorylessPolicy):
    """Any function from observations ``(B, ...)`` to probabilities ``(B, n_actions)``."""

    def __init__(self, function: Callable[[Observations], Any], n_actions: int) -> None:
        self._function = function
        self._n_actions = n_actions

    def probabilities(self, observations: Observations) -> Probabilities:
        """See ``MemorylessPolicy.probabilities``.

        Raises:
            ProtocolError: If what the function returns are no probabilities.
        """
        given = np.asarray(self._function(observations), dtype=np.float64)
        expected = (len(observations), self._n_actions)
        if given.shape != expected:
            raise ProtocolError(
                f"the policy returned an array of shape {given.shape} for observations of shape "
                f"{observations.shape}; probabilities must have shape {expected}"
            )
        if not (given >= 0).all() or not np.allclose(given.sum(axis=1), 1, atol=1e-4):
            raise ProtocolError(
                "the policy returned numbers that are no probabilities: each row must be "
                "non-negative and sum to one"
            )
        normed: Probabilities = given / given.sum(axis=1, keepdims=True)
        return normed


class ContinuousFunction(ContinuousPolicy):
    """Any function from observations ``(B, ...)`` to actions ``(B, *action shape)``.

    Actions outside the box are clipped to it, as stable-baselines3 does.
    """

    stochastic = False

    def __init__(self, function: Callable[[Observations], Any], box: gym.spaces.Box) -> None:
        self._function, self._box = function, box

    def act(
        self, observations: Observations, memory: Any, rng: np.random.Generator | None
    ) -> tuple[Actions, Any]:
        """See ``ContinuousPolicy.act``; the function draws nothing.

        Raises:
            ProtocolError: If what the function returns are no actions.
        """
        del rng
        given = np.asarray(self._function(observations), dtype=np.float32)
        expected = (len(observations), *self._box.shape)
        if given.shape != expected:
            raise ProtocolError(
                f"the policy returned an array of shape {given.shape} for observations of shape "
                f"{observations.shape}; actions must have shape {expected}"
            )
        if not np.isfinite(given).all():
            raise ProtocolError("the policy returned actions that are no numbers")
        return clipped(given, self._box), memory


def from_function(function: Callable[[Observations], Any], family: Family) -> AnyPolicy:
    """A function from observations to probabilities, or to actions that are vectors of numbers.

    Where observations are dictionaries it is given one, of arrays ``(B, ...)``.
    """
    function = with_entries(function, family.observation_space)
    if family.box is not None:
        return ContinuousFunction(function, family.box)
    return FunctionPolicy(function, family.n_actions)
