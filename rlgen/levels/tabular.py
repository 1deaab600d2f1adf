"""Levels as finite deterministic decision processes, for exact evaluation.

A maze has at most cells x 16 states, so that the return of a policy on it is computed rather than
sampled.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class TabularLevels:
    """The states of ``L`` levels, numbered from 0 to ``N - 1``, level after level.

    Attributes:
        offsets: int64 ``(L + 1,)``; the states of level ``l`` are ``offsets[l]:offsets[l + 1]``.
        next_state: int32 ``(N, A)``; the state after each action, ``N`` where the episode ends.
        reward: float64 ``(N, A)``; reward of each action.
        success: bool ``(N, A)``; whether the action ends the episode with the level solved.
        start: int32 ``(L,)``; the start state of each level.
        spawns: int32 ``(K,)``; the start states under random spawn, equally likely within a level.
        spawn_offsets: int64 ``(L + 1,)``; those of level ``l`` are
            ``spawns[spawn_offsets[l]:spawn_offsets[l + 1]]``.
        horizon: Number of steps after which an episode is cut.
        timeout_reward: Reward added at that cut.
        observe: From states, int32 ``(B,)``, to observations ``(B, *observation shape)``.
        valid: bool ``(N, A)``; which actions are valid, where ``Family.masked``, else None.
        situate: Of levels of square cells (``capabilities.Gridded``): from states, int32 ``(B,)``,
            to int32 ``(B, 2)``, the agent's cell, counted row by row, and which objects of the
            floor plan are left, as bits in their order; None of others.
    """

    offsets: NDArray[np.int64]
    next_state: NDArray[np.int32]
    reward: NDArray[np.float64]
    success: NDArray[np.bool_]
    start: NDArray[np.int32]
    spawns: NDArray[np.int32]
    spawn_offsets: NDArray[np.int64]
    horizon: int
    timeout_reward: float
    observe: Callable[[NDArray[np.int32]], NDArray[np.uint8]]
    valid: NDArray[np.bool_] | None = None
    situate: Callable[[NDArray[np.int32]], NDArray[np.int32]] | None = None

    @property
    def n_levels(self) -> int:
        """Number of levels."""
        return len(self.offsets) - 1

    @property
    def n_states(self) -> int:
        """Number of states of all levels."""
        return int(self.offsets[-1])

    @property
    def n_actions(self) -> int:
        """Number of actions."""
        return int(self.next_state.shape[1])
