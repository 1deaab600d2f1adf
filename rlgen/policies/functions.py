"""Policies made of any function of observations."""

from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np

from rlgen.errors import PolicyError, ProtocolError
from rlgen.levels.family import Family
from rlgen.levels.spaces import with_entries
from rlgen.policies.base import Actions, Observations, Policy, Probabilities
from rlgen.policies.box import clipped, uniform


def _answer(function: Callable[..., Any], *inputs: Any) -> Any:
    """What a function of a user's answers, which shall not end the program that asks it.

    Raises:
        PolicyError: If it asks to.
    """
    try:
        return function(*inputs)
    except SystemExit as error:
        raise PolicyError(f"the policy ends the program (SystemExit: {error.code})") from None


class FunctionPolicy(Policy):
    """Any function from observations ``(B, ...)`` to probabilities ``(B, n_actions)``.

    Args:
        function: From an array of observations to anything that numpy reads as an array.
        n_actions: Number of actions.
        stochastic: Whether it ever gives more than one action a positive probability.
    """

    def __init__(
        self,
        function: Callable[[Observations], Any],
        n_actions: int,
        *,
        stochastic: bool = True,
    ) -> None:
        self._function, self._n_actions, self.stochastic = function, n_actions, stochastic

    def distribution(self, observations: Observations, state: Any) -> tuple[Probabilities, Any]:
        """See ``Categorical.distribution``.

        Raises:
            ProtocolError: If the function does not return probabilities.
        """
        weights = np.asarray(_answer(self._function, observations), dtype=np.float64)
        expected = (len(observations), self._n_actions)
        if weights.shape != expected:
            raise ProtocolError(
                f"the policy returned an array of shape {weights.shape} for observations of shape "
                f"{observations.shape}; probabilities must have shape {expected}"
            )
        if not (weights >= 0).all() or not np.allclose(weights.sum(axis=1), 1, atol=1e-4):
            raise ProtocolError(
                "the policy did not return a valid probability distribution: each row must be "
                "non-negative and sum to one"
            )
        return weights / weights.sum(axis=1, keepdims=True), state


class BoxFunctionPolicy(Policy):
    """Any function from observations ``(B, ...)`` to actions ``(B, *action shape)``.

    Actions outside the box are clipped to it, as stable-baselines3 does.

    Args:
        function: From an array of observations, and the generator that draws its actions (None
            asks for the greedy ones), to anything that numpy reads as an array.
        box: The action space.
        stochastic: Whether it draws.
    """

    def __init__(
        self,
        function: Callable[[Observations, np.random.Generator | None], Any],
        box: gym.spaces.Box,
        *,
        stochastic: bool,
    ) -> None:
        self._function, self._box, self.stochastic = function, box, stochastic

    def act(
        self, observations: Observations, state: Any, rng: np.random.Generator | None
    ) -> tuple[Actions, Any]:
        """See ``Policy.act``.

        Raises:
            ProtocolError: If the function does not return finite actions of this shape.
        """
        actions = np.asarray(_answer(self._function, observations, rng), dtype=np.float32)
        expected = (len(observations), *self._box.shape)
        if actions.shape != expected:
            raise ProtocolError(
                f"the policy returned an array of shape {actions.shape} for observations of shape "
                f"{observations.shape}; actions must have shape {expected}"
            )
        if not np.isfinite(actions).all():
            raise ProtocolError("the policy returned actions that are not finite numbers")
        return clipped(actions, self._box), state


def from_function(function: Callable[[Observations], Any], family: Family) -> Policy:
    """Make a policy of a function of observations.

    Args:
        function: From observations ``(B, ...)`` to action probabilities ``(B, A)``; to actions
            ``(B, *action shape)`` where these are continuous. Where observations are dictionaries
            its argument is a dictionary of arrays ``(B, ...)``.
        family: The family that it plays.
    """
    function = with_entries(function, family.observation_space)
    if family.box is None:
        return FunctionPolicy(function, family.n_actions)
    return BoxFunctionPolicy(lambda inputs, _: function(inputs), family.box, stochastic=False)


def uniform_policy(family: Family) -> Policy:
    """Uniformly random actions of those that are valid; in a box the greedy one is its middle."""
    box = family.box
    if box is None:
        n = family.n_actions
        random = FunctionPolicy(lambda observations: np.full((len(observations), n), 1 / n), n)
        random.masked = True
        return random
    middle = (box.low + box.high) / 2

    def draw(observations: Observations, rng: np.random.Generator | None) -> Actions:
        n = len(observations)
        return np.repeat(middle[None], n, axis=0) if rng is None else uniform(box, n, rng)

    return BoxFunctionPolicy(draw, box, stochastic=True)


def as_policy(policy: Any, family: Family) -> Policy:
    """A function, or a model of stable-baselines3 or sb3-contrib, as a policy of ours."""
    box = family.box
    if hasattr(policy, "predict") and hasattr(policy, "policy"):
        from rlgen.policies.sb3 import models

        return models.policy(policy, family)
    if not callable(policy):
        output = f"action probabilities (B, {family.n_actions})" if box is None else "actions"
        raise ProtocolError(
            f"{type(policy).__name__} is no policy: give a function from observations to {output}, "
            "a Policy, or a stable-baselines3 model"
        )
    return from_function(policy, family)
