"""Policies: from batches of observations to actions, by action probabilities or without."""

from inspect import signature
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from rlgen.errors import LevelError, PolicyError
from rlgen.levels.family import Family

Observations = NDArray[Any]
Probabilities = NDArray[np.float64]
#: int64 ``(B,)`` where actions are discrete, float32 ``(B, *action shape)`` where they are a box.
Actions = NDArray[Any]

_ACT = "act(observations, state, rng), which returns (actions, state)"
_DISTRIBUTION = "distribution(observations, state), which returns (action probabilities, state)"


@runtime_checkable
class Categorical(Protocol):
    """What a policy has that knows the probabilities of its discrete actions.

    Asked with ``isinstance``. Returns of such a policy can be computed on tabular levels if it is
    memoryless, and conditions such as "temperature" can change its probabilities.
    """

    def distribution(self, observations: Observations, state: Any) -> tuple[Probabilities, Any]:
        """Action probabilities at one step of ``B`` episodes.

        Args:
            observations: ``(B, *observation shape)``.
            state: What ``start`` or the previous call returned.

        Returns:
            float64 ``(B, A)`` with rows that sum to one, and the new state.
        """


class Policy:
    """Whatever acts. A subclass defines ``distribution``, as in ``Categorical``, or ``act``.

    Attributes:
        stochastic: Whether actions are drawn, so that greedy actions differ from them.
        masked: Whether actions that are not valid are left out of its ``distribution``, where the
            family says which are (``Family.masked``).

    Raises:
        PolicyError: For a subclass written for an interface of older versions.

    Example:
        >>> class Alternate(Policy):
        ...     stochastic = False
        ...
        ...     def start(self, n):
        ...         return np.zeros(n, np.int64)
        ...
        ...     def distribution(self, observations, state):
        ...         return np.eye(2)[state], 1 - state
    """

    stochastic: bool = True
    masked: bool = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        old = ""
        if len(signature(cls.act).parameters) == 3:  # with self
            old = f"act(observations, memory) is now {_DISTRIBUTION}: rename it"
        elif hasattr(cls, "probabilities") and not hasattr(cls, "distribution"):
            old = f"probabilities(observations) is now {_DISTRIBUTION}"
        if old:
            raise PolicyError(f"{cls.__name__}: {old}; a policy without probabilities has {_ACT}")

    @property
    def memoryless(self) -> bool:
        """Whether what it does depends on the current observation alone.

        A policy without a ``start`` of its own has nothing to remember.
        """
        return type(self).start is Policy.start

    def start(self, n: int) -> Any:
        """The state of ``n`` fresh episodes; None for a memoryless policy."""
        del n
        return None

    def act(
        self, observations: Observations, state: Any, rng: np.random.Generator | None
    ) -> tuple[Actions, Any]:
        """One step of ``B`` episodes; by default it draws from ``distribution``.

        Args:
            observations: ``(B, *observation shape)``.
            state: What ``start`` or the previous call returned.
            rng: Draws the actions; None asks for the greedy ones.

        Returns:
            int64 ``(B,)``, or float32 ``(B, *action shape)`` within the box; and the new state.

        Raises:
            PolicyError: If the class defines neither ``act`` nor ``distribution``.
        """
        if not isinstance(self, Categorical):
            raise PolicyError(f"{type(self).__name__}: a policy defines {_DISTRIBUTION}, or {_ACT}")
        probabilities, state = self.distribution(observations, state)
        if rng is None:
            return probabilities.argmax(axis=1), state
        return sample(probabilities, rng), state


def sample(probabilities: Probabilities, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw one action from each row of ``(B, A)``; int64 ``(B,)``.

    Raises:
        PolicyError: For probabilities that are nan, of which no action could be drawn.
    """
    cumulative = probabilities.cumsum(axis=1)
    if np.isnan(cumulative[:, -1]).any():
        raise PolicyError("the policy's action probabilities are nan")
    # Scaled by the last sum, which may be just below one by rounding.
    drawn = rng.random((len(probabilities), 1)) * cumulative[:, -1:]
    actions: NDArray[np.int64] = (cumulative <= drawn).sum(axis=1).astype(np.int64)
    return actions


def restricted(probabilities: Probabilities, valid: NDArray[np.bool_]) -> Probabilities:
    """Action probabilities without the actions that are not valid, as MaskablePPO has them.

    Args:
        probabilities: ``(B, A)``.
        valid: bool ``(B, A)``.

    Raises:
        LevelError: Where no action is valid.
        PolicyError: Where all valid actions have a probability of 0.
    """
    if not valid.any(axis=1).all():
        raise LevelError("no action is valid where the episode goes on")
    kept: Probabilities = np.where(valid, probabilities, 0.0)
    total = kept.sum(axis=1, keepdims=True)
    if (total == 0).any():
        raise PolicyError("the policy gives all actions that are valid a probability of 0")
    kept /= total
    return kept


def kind(family: Family) -> str:
    """The kind of a family's actions: "discrete" or "continuous"."""
    return "discrete" if family.box is None else "continuous"
