"""What a perturbation is, and the channel through which actions reach the environment."""

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
    """A finite-memory device between the action a policy proposes and the one that is executed.

    One definition serves rollouts, which draw the noise, and exact evaluation, which lists it.

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
        """The memories of ``n`` fresh episodes."""
        return rng.choice(self.n_memories, size=n, p=self.start)

    def step(self, memory: Ints, proposed: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
        """Executed actions and next memories, with the noise drawn."""
        noise = rng.choice(len(self.noise), size=len(proposed), p=self.noise)
        return self.apply(memory, proposed, noise)

    def then(self, after: "Channel") -> "Channel":
        """This channel with its executed action proposed to ``after``."""
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


#: Executes what is proposed.
IDENTITY = Channel(np.ones(1), np.ones(1), _pass_on)


def certain(index: int, size: int) -> Floats:
    """The distribution over ``size`` values that is always ``index``."""
    one: Floats = (np.arange(size) == index).astype(np.float64)
    return one


def before_first(noop: int, n_actions: int) -> Floats:
    """The memory of an action before there was one: the one that does nothing, else none."""
    return certain(noop, n_actions) if noop >= 0 else certain(n_actions, n_actions + 1)


@dataclass(frozen=True)
class Strength:
    """What the number of a perturbation, or of a regulariser, means.

    Attributes:
        meaning: What it is, with its unit.
        default: Used when the number is left out.
        low: Smallest value allowed.
        high: Largest value allowed.
        integer: Whether it counts something.
        identity: The value at which nothing is changed.
    """

    meaning: str
    default: float
    low: float
    high: float
    integer: bool = False
    identity: float = 0.0

    def read(self, piece: str) -> float:
        """The number in ``name:number``, or the default where there is none.

        Raises:
            ProtocolError: If it is not allowed.
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
        return strength

    def spell(self, name: str, strength: float) -> str:
        """``name:number``, or the name alone of what is on or off."""
        switch = self.integer and (self.low, self.high) == (0, 1)
        return name if switch and strength == 1 else f"{name}:{strength:g}"


class Perturbation:
    """Stochasticity, or a change of it, of one kind.

    Faced by a trained policy it is a check; met during training it is a regulariser. A member
    overrides one of ``channel``, ``policy``, ``spawns`` and ``noise``; and, if it is defined for
    actions that are vectors of numbers, ``box_channel`` beside ``channel``, or ``greedy`` beside
    ``policy``.

    Attributes:
        strength: What the number after the colon means.
        regularises: Whether an agent can be trained under it.
        needs_noop: Whether it needs an action that does nothing.
        policy_only: Whether it changes the policy and leaves the environment alone.
    """

    strength: Strength
    regularises: bool = False
    needs_noop: bool = False
    policy_only: bool = False

    def channel(self, strength: float, n_actions: int, noop: int) -> Channel | None:
        """The device between policy and environment, or None."""
        del strength, n_actions, noop
        return None

    def box_channel(
        self, strength: float, box: gym.spaces.Box, idle: Rows | None
    ) -> BoxChannel | None:
        """The same as ``channel`` for a box of actions."""
        del strength, box, idle
        return None

    @property
    def discrete(self) -> bool:
        """Whether it is defined for discrete actions alone."""
        mine, base = type(self), Perturbation
        between = mine.channel is not base.channel and mine.box_channel is base.box_channel
        return between or (mine.policy is not base.policy and mine.greedy is base.greedy)

    def greedy(self, strength: float) -> bool:
        """Whether a policy over vectors of numbers draws nothing."""
        del strength
        return False

    def policy(self, strength: float, probabilities: Floats) -> Floats:
        """The probabilities ``(B, A)`` with which the policy acts instead."""
        del strength
        return probabilities

    def spawns(self, strength: float) -> bool:
        """Whether the start cell is drawn anew in each episode."""
        del strength
        return False

    def noise(self, strength: float) -> float:
        """Standard deviation of noise in what is seen, in units of its scale (``Noise``)."""
        del strength
        return 0.0
