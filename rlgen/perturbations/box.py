"""Channels for actions that are vectors of numbers."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]


@dataclass(frozen=True)
class BoxChannel:
    """What ``base.Channel`` is, for a box of actions; nothing can be listed, so all is drawn.

    Attributes:
        width: Numbers in the memory of an episode.
        start: ``(n, rng) -> (n, width)``: memories at the start of episodes.
        apply: ``(memory, proposed, rng) -> (executed, next memory)``; actions are rows, ``(n, D)``.
    """

    width: int
    start: Callable[[int, np.random.Generator], Rows]
    apply: Callable[[Rows, Rows, np.random.Generator], tuple[Rows, Rows]]

    def begin(self, n: int, rng: np.random.Generator) -> Rows:
        """The memories of ``n`` fresh episodes."""
        return self.start(n, rng)

    def step(
        self, memory: Rows, proposed: Rows, rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], Rows]:
        """Executed actions and next memories, from proposed ones ``(n, *action shape)``."""
        executed, memory = self.apply(memory, proposed.reshape(len(proposed), -1), rng)
        return executed.reshape(proposed.shape), memory

    def then(self, after: "BoxChannel") -> "BoxChannel":
        """This channel with its executed action proposed to ``after``."""

        def start(n: int, rng: np.random.Generator) -> Rows:
            return np.hstack([self.start(n, rng), after.start(n, rng)])

        def apply(memory: Rows, proposed: Rows, rng: np.random.Generator) -> tuple[Rows, Rows]:
            between, first = self.apply(memory[:, : self.width], proposed, rng)
            executed, second = after.apply(memory[:, self.width :], between, rng)
            return executed, np.hstack([first, second])

        return BoxChannel(self.width + after.width, start, apply)


def same(*memory: float) -> Callable[[int, np.random.Generator], Rows]:
    """A start that is the same in all episodes."""
    return lambda n, _: np.tile(np.array(memory, np.float32), (n, 1))


def _pass_on(memory: Rows, proposed: Rows, rng: np.random.Generator) -> tuple[Rows, Rows]:
    del rng
    return proposed, memory


#: Executes what is proposed.
IDENTITY = BoxChannel(0, same(), _pass_on)


def counted(numbers: NDArray[np.generic], actions: Rows) -> Rows:
    """A number beside each action: how often it is held still, or whether there was one."""
    return np.column_stack([numbers.astype(np.float32), actions])


def before_first_row(idle: Rows | None, size: int) -> Callable[[int, np.random.Generator], Rows]:
    """The memory of an action before there was one: 1 and the idle one, or 0 where none is."""
    return same(0, *np.zeros(size)) if idle is None else same(1, *idle.ravel())
