"""Policies whose actions are vectors of numbers: observation batch -> actions."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from rlgen.errors import ProtocolError
from rlgen.levels.family import Family
from rlgen.levels.spaces import with_entries
from rlgen.policies.base import FunctionPolicy, Observations, Policy

Actions = NDArray[np.float32]


class ContinuousPolicy(ABC):
    """A policy over a bounded box of actions; its returns are played, never computed.

    Attributes:
        memoryless: Whether actions depend on the current observation alone.
        stochastic: Whether actions are drawn, so that the greedy ones are others.
    """

    memoryless: bool = True
    stochastic: bool = True

    def start(self, n: int) -> Any:
        """The memory of ``n`` fresh episodes; None for a memoryless policy."""
        del n
        return None

    @abstractmethod
    def act(
        self, observations: Observations, memory: Any, rng: np.random.Generator | None
    ) -> tuple[Actions, Any]:
        """One step of ``B`` episodes.

        Args:
            observations: ``(B, *observation shape)``.
            memory: What ``start`` or the previous call returned.
            rng: Draws the actions; None asks for the greedy ones.

        Returns:
            float32 ``(B, *action shape)``, within the box, and the new memory.
        """


#: What the evaluation plays.
AnyPolicy = Policy | ContinuousPolicy


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


class UniformContinuous(ContinuousPolicy):
    """The random agent; its greedy action is the middle of the box."""

    def __init__(self, box: gym.spaces.Box) -> None:
        self._box = box

    def act(
        self, observations: Observations, memory: Any, rng: np.random.Generator | None
    ) -> tuple[Actions, Any]:
        """See ``ContinuousPolicy.act``."""
        n = len(observations)
        if rng is None:
            middle = (self._box.low + self._box.high) / 2
            return np.repeat(middle[None], n, axis=0), memory
        return uniform(self._box, n, rng), memory


def kind(family: Family) -> str:
    """Of a family's actions: "discrete", or "continuous" where they are vectors of numbers."""
    return "discrete" if family.box is None else "continuous"


def why_not(policy: AnyPolicy, family: Family) -> str | None:
    """Why a policy's actions cannot be played in a family, else None."""
    own = "continuous" if isinstance(policy, ContinuousPolicy) else "discrete"
    if own == kind(family):
        return None
    return f"its actions are {own}; those of {family.name} are {kind(family)}"


def from_function(function: Callable[[Observations], Any], family: Family) -> AnyPolicy:
    """A function from observations to probabilities, or to actions that are vectors of numbers.

    Where observations are dictionaries it is given one, of arrays ``(B, ...)``.
    """
    function = with_entries(function, family.observation_space)
    if family.box is not None:
        return ContinuousFunction(function, family.box)
    return FunctionPolicy(function, family.n_actions)


def uniform(box: gym.spaces.Box, n: int, rng: np.random.Generator) -> Actions:
    """Actions from everywhere in the box alike, ``(n, *action shape)``."""
    drawn = rng.uniform(box.low, box.high, (n, *box.shape)).astype(np.float32)
    return clipped(drawn, box)  # rounding to float32 may have left it


def clipped(actions: Actions, box: gym.spaces.Box) -> Actions:
    """The nearest actions within the box."""
    within: Actions = np.clip(actions, box.low, box.high).astype(np.float32, copy=False)
    return within
