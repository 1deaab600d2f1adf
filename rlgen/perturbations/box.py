"""Channels for continuous actions."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]


@dataclass(frozen=True)
class BoxChannel:
    """The counterpart of ``base.Channel`` for a box of actions; its noise can only be drawn.

    Attributes:
        width: Number of entries of an episode's memory.
        start: ``(n, rng) -> (n, width)``: memories at the start of episodes.
        apply: ``(memory, proposed, rng) -> (executed, next memory)``; actions are rows, ``(n, D)``.
    """

    width: int
    start: Callable[[int, np.random.Generator], Rows]
    apply: Callable[[Rows, Rows, np.random.Generator], tuple[Rows, Rows]]

    def begin(self, n: int, rng: np.random.Generator) -> Rows:
        """Draw the memories of ``n`` new episodes, float32 ``(n, width)``."""
        return self.start(n, rng)

    def step(
        self, memory: Rows, proposed: Rows, rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], Rows]:
        """Executed actions ``(n, *action shape)`` and next memories, from proposed actions."""
        executed, memory = self.apply(memory, proposed.reshape(len(proposed), -1), rng)
        return executed.reshape(proposed.shape), memory

    def then(self, after: "BoxChannel") -> "BoxChannel":
        """The composition: this channel's executed action is proposed to ``after``."""

        def start(n: int, rng: np.random.Generator) -> Rows:
            return np.hstack([self.start(n, rng), after.start(n, rng)])

        def apply(memory: Rows, proposed: Rows, rng: np.random.Generator) -> tuple[Rows, Rows]:
            between, first = self.apply(memory[:, : self.width], proposed, rng)
            executed, second = after.apply(memory[:, self.width :], between, rng)
            return executed, np.hstack([first, second])

        return BoxChannel(self.width + after.width, start, apply)


def same(*memory: float) -> Callable[[int, np.random.Generator], Rows]:
    """A start with the same memory in all episodes."""
    return lambda n, _: np.tile(np.array(memory, np.float32), (n, 1))


def _pass_on(memory: Rows, proposed: Rows, rng: np.random.Generator) -> tuple[Rows, Rows]:
    del rng
    return proposed, memory


#: Executes the proposed action.
IDENTITY = BoxChannel(0, same(), _pass_on)


def counted(numbers: NDArray[np.generic], actions: Rows) -> Rows:
    """A memory of a number and an action, ``(n, 1 + D)``."""
    return np.column_stack([numbers.astype(np.float32), actions])


def before_first_row(idle: Rows | None, size: int) -> Callable[[int, np.random.Generator], Rows]:
    """The initial memory of a previous action: 1 and the idle action, or 0 where there is none."""
    return same(0, *np.zeros(size)) if idle is None else same(1, *idle.ravel())
