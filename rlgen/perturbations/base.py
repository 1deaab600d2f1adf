"""The base class of perturbations, and the channel through which actions reach the environment."""

from collections.abc import Callable
from dataclasses import dataclass

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from rlgen.errors import ProtocolError
from rlgen.perturbations.box import BoxChannel, Rows

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Channel:
    """A finite-memory channel from the action that a policy proposes to the one that is executed.

    One definition serves rollouts, which draw the noise, and exact evaluation, which enumerates it.

    Attributes:
        start: Probability of each memory state at the start of an episode, ``(M,)``.
        noise: Probability of each noise value, drawn anew at each step, ``(K,)``.
        apply: ``(memory, proposed, noise value) -> (executed, next memory)`` on integer arrays of
            one shape.
    """

    start: Floats
    noise: Floats
    apply: Callable[[Ints, Ints, Ints], tuple[Ints, Ints]]

    @property
    def n_memories(self) -> int:
        """Number of memory states."""
        return len(self.start)

    def begin(self, n: int, rng: np.random.Generator) -> Ints:
        """Draw the memories of ``n`` new episodes, int64 ``(n,)``."""
        return rng.choice(self.n_memories, size=n, p=self.start)

    def step(self, memory: Ints, proposed: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
        """Draw the noise; return executed actions and next memories, ``(n,)`` each."""
        noise = rng.choice(len(self.noise), size=len(proposed), p=self.noise)
        return self.apply(memory, proposed, noise)

    def then(self, after: "Channel") -> "Channel":
        """The composition: this channel's executed action is proposed to ``after``."""
        m, k = after.n_memories, len(after.noise)

        def apply(memory: Ints, proposed: Ints, noise: Ints) -> tuple[Ints, Ints]:
            between, first = self.apply(memory // m, proposed, noise // k)
            executed, second = after.apply(memory % m, between, noise % k)
            return executed, first * m + second

        start = np.outer(self.start, after.start).ravel()
        return Channel(start, np.outer(self.noise, after.noise).ravel(), apply)


def _pass_on(memory: Ints, proposed: Ints, noise: Ints) -> tuple[Ints, Ints]:
    del noise
    return proposed, memory


#: Executes the proposed action.
IDENTITY = Channel(np.ones(1), np.ones(1), _pass_on)


def certain(index: int, size: int) -> Floats:
    """The distribution over ``size`` values with all its mass on ``index``."""
    one: Floats = (np.arange(size) == index).astype(np.float64)
    return one


def before_first(noop: int, n_actions: int) -> Floats:
    """The initial memory of a previous action: the no-op if there is one, else none."""
    return certain(noop, n_actions) if noop >= 0 else certain(n_actions, n_actions + 1)


@dataclass(frozen=True)
class Strength:
    """The meaning and limits of the number of a perturbation or a regulariser.

    Attributes:
        meaning: Its meaning, with its unit.
        default: Its value where the number is left out.
        low: The smallest allowed value.
        high: The largest allowed value.
        integer: Whether it must be a whole number.
        identity: The value at which nothing changes.
    """

    meaning: str
    default: float
    low: float
    high: float
    integer: bool = False
    identity: float = 0.0

    def read(self, piece: str) -> float:
        """Parse the number in ``name:number``; the default where there is none.

        Raises:
            ProtocolError: If the number is not allowed.
        """
        _, colon, number = piece.partition(":")
        try:
            strength = float(number) if colon else self.default
        except ValueError:
            raise ProtocolError(f"{piece!r}: {number!r} is not a number") from None
        if not self.low <= strength <= self.high:
            raise ProtocolError(
                f"{piece!r}: {self.meaning} must be from {self.low:g} to {self.high:g}, "
                f"not {strength:g}"
            )
        if self.integer and strength != int(strength):
            raise ProtocolError(f"{piece!r}: {self.meaning} must be a whole number")
        if strength != float(f"{strength:g}"):
            # Results are filed under the name, which must say what they are of.
            raise ProtocolError(
                f"{piece!r}: {self.meaning} can have six digits, as {strength:g} has"
            )
        return strength

    def spell(self, name: str, strength: float) -> str:
        """``name:number``, or the name alone of a switch that is on."""
        switch = self.integer and (self.low, self.high) == (0, 1)
        return name if switch and strength == 1 else f"{name}:{strength:g}"


class Perturbation:
    """One kind of stochastic perturbation.

    In the evaluation of a trained policy it is a test; in training it is a regulariser. A member
    overrides one of ``channel``, ``policy``, ``spawns`` and ``noise``; and, if it is defined for
    continuous actions, ``box_channel`` beside ``channel``, or ``greedy`` beside ``policy``.

    Attributes:
        strength: The meaning of the number after the colon.
        regularises: Whether an agent can be trained under it.
        needs_noop: Whether it needs an action that does nothing.
        policy_only: Whether it changes the policy and leaves the environment alone.
    """

    strength: Strength
    regularises: bool = False
    needs_noop: bool = False
    policy_only: bool = False

    def channel(self, strength: float, n_actions: int, noop: int) -> Channel | None:
        """The channel between policy and environment, or None.

        Args:
            strength: The number after the colon.
            n_actions: Number of actions.
            noop: The action that does nothing, or -1.
        """
        del strength, n_actions, noop
        return None

    def box_channel(
        self, strength: float, box: gym.spaces.Box, idle: Rows | None
    ) -> BoxChannel | None:
        """The channel for continuous actions, or None.

        Args:
            strength: The number after the colon.
            box: The action space.
            idle: The action that does nothing, ``box.shape``, or None.
        """
        del strength, box, idle
        return None

    @property
    def discrete(self) -> bool:
        """Whether it is defined for discrete actions alone."""
        mine, base = type(self), Perturbation
        between = mine.channel is not base.channel and mine.box_channel is base.box_channel
        return between or self.needs_probabilities

    @property
    def needs_probabilities(self) -> bool:
        """Whether it changes the action probabilities of a policy, which must have some."""
        mine, base = type(self), Perturbation
        return mine.policy is not base.policy and mine.greedy is base.greedy

    def greedy(self, strength: float) -> bool:
        """Whether a continuous policy takes its greedy action."""
        del strength
        return False

    def policy(self, strength: float, probabilities: Floats) -> Floats:
        """The changed action probabilities, float64 ``(B, A)``."""
        del strength
        return probabilities

    def spawns(self, strength: float) -> bool:
        """Whether the start cell is drawn at random in each episode."""
        del strength
        return False

    def noise(self, strength: float) -> float:
        """Standard deviation of observation noise, in the units of ``evaluation.noise``."""
        del strength
        return 0.0
