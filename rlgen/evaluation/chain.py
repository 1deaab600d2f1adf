"""The Markov chain of one policy, behind one channel, on a batch of tabular levels.

Backward induction over time: for each state and memory of the channel, the first two moments of the
remaining return, the probability of solving the level and the expected number of steps. One pass
gives these for all starts at once.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rlgen.evaluation import kernel
from rlgen.evaluation.outcome import Outcome
from rlgen.levels.tabular import TabularLevels
from rlgen.perturbations.base import Channel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Moves:
    """The transitions of a channel, as a sum of terms.

    A term has a probability, the policy's times its column of ``proposals``; executes one action;
    and leads to one memory. Terms that all memories share (such as the chance that nothing sticks)
    are computed once.

    Attributes:
        proposals: ``(A, K)``.
        column: ``(T,)``; the column of each term.
        executed: ``(T,)``; its executed action.
        following: ``(T,)``; its next memory.
        first: ``(M + 2,)``; ``first[0]:first[1]`` are the terms of all memories, and
            ``first[1 + j]:first[2 + j]`` those of memory ``j``.
        alike: Whether each memory has terms of its own that differ from the others' in the
            executed action alone, one for each following memory in turn.
    """

    proposals: Floats
    column: Ints
    executed: Ints
    following: Ints
    first: Ints
    alike: bool


def moves(channel: Channel, n_actions: int) -> Moves:
    """The terms of a channel."""
    m, k = channel.n_memories, len(channel.noise)
    memory, proposed, noise = (a.ravel() for a in np.indices((m, n_actions, k)))
    executed, following = channel.apply(memory, proposed, noise)
    chance = np.zeros((m, n_actions, m, n_actions))  # memory, executed, following, proposed
    np.add.at(chance, (memory, executed, following, proposed), channel.noise[noise])
    common = chance.min(axis=0) if m > 1 else chance[0]
    parts = np.concatenate([common[None], chance - common])
    owner, executed, following = np.nonzero(parts.any(axis=3))
    columns, column = np.unique(parts[owner, executed, following], axis=0, return_inverse=True)
    first = np.searchsorted(owner, np.arange(m + 2))
    own = slice(first[1], None)
    alike = (
        m == n_actions > 1
        and len(column[own]) == m * m
        and (np.diff(executed[own].reshape(m, m), axis=1) == 0).all()
        and (following[own].reshape(m, m) == np.arange(m)).all()
        and (column[own].reshape(m, m) == column[own][:m]).all()
    )
    return Moves(
        np.ascontiguousarray(columns.T),
        column.astype(np.int64),
        executed.astype(np.int64),
        following.astype(np.int64),
        first.astype(np.int64),
        bool(alike),
    )


def values(
    tabular: TabularLevels, probabilities: Floats, channel: Channel, steps: int, begins: Bools
) -> Floats:
    """Values of each requested pair of state and memory.

    Args:
        tabular: Levels with ``N`` states in all.
        probabilities: Action probabilities in each state, ``(N, A)``.
        channel: Between proposed and executed action, with ``M`` memories.
        steps: Steps after which an episode that has not ended is cut.
        begins: The requested pairs, ``(N, M)``. The values of other pairs are undefined unless
            these depend on them.

    Returns:
        ``(N, M, 5)``: expected return, expected squared return, probability of solving, expected
        number of steps, probability of the cut.
    """
    terms = moves(channel, tabular.n_actions)
    n, m, offsets = tabular.n_states, channel.n_memories, tabular.offsets.astype(np.int64)
    own = len(terms.column) if not terms.alike else int(terms.first[2])
    weight, target = np.empty(n * own), np.empty(n * own, np.uint32)
    earned = np.empty((n, 4))
    states, some = np.empty(n * m, np.uint32), np.empty((tabular.n_levels, m), np.int64)
    most = n * len(terms.column)  # the largest possible size; memory never written costs nothing
    paying, gains = np.empty(2 * most, np.uint32), np.empty(4 * most)
    bounds = np.empty((tabular.n_levels, 3), np.int64)
    step_arrays = (weight, target, earned, states, some, paying, gains, bounds)
    kernel.prepare(
        offsets,
        tabular.next_state.astype(np.int32),
        tabular.reward.astype(np.float64),
        tabular.success.astype(np.bool_),
        np.ascontiguousarray(probabilities @ terms.proposals),
        *(terms.column, terms.executed, terms.following, terms.first, terms.alike),
        np.array(begins, order="C"),
        *step_arrays,
    )
    out = np.empty((n, m, 5))
    iterate = kernel.iterate(tabular.n_actions)
    iterate(offsets, terms.first, terms.alike, steps, tabular.timeout_reward, *step_arrays, out)
    return out


def outcome(
    tabular: TabularLevels, values: Floats, start: Floats, before: Floats | None = None
) -> Outcome:
    """The outcome of each level.

    Args:
        tabular: ``L`` levels.
        values: From ``values``.
        start: Mass of each ``state * M + memory``, its expected return so far and the square of
            it, each times that mass, ``(N * M, 3)``.
        before: Sums over the part of each level's unit of mass that has ended, ``(5, L)``: return,
            squared return, solved, timeout; and the expected number of steps so far.
    """
    m = values.shape[1]
    present = np.flatnonzero(start[:, 0])
    where = np.searchsorted(tabular.offsets, present // m, side="right") - 1
    p, once, twice = start[present].T
    mean, square, solved, steps, timeout = values.reshape(-1, 5)[present].T
    after = (
        once + p * mean,
        twice + 2 * once * mean + p * square,
        p * solved,
        p * timeout,
        p * steps,
    )
    totals = np.stack([np.bincount(where, amounts, tabular.n_levels) for amounts in after])
    ret, squared, *rest = totals if before is None else totals + before
    # Rounding may leave a constant return a variance of about -1e-16.
    return Outcome(ret, np.maximum(squared - ret**2, 0.0), *rest)
