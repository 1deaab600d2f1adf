"""The Markov chain of one policy, behind one channel, on a batch of tabular levels.

Backward in time, a step at a time, from what is left of an episode: for each state and memory of
the channel the first two moments of the return still to come, the probability of solving the level
and the expected number of steps. It answers for all starts at once.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rlgen.compiled import compiled
from rlgen.evaluation.outcome import Outcome
from rlgen.perturbations.base import Channel
from rlgen.tabular import TabularLevels

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Moves:
    """What a channel makes of a step, as terms that are added up.

    A term has a probability, the policy's times its column of ``proposals``; executes one action;
    and leaves one memory. What all memories have in common (the chance that nothing sticks) is
    computed once for all of them.

    Attributes:
        proposals: ``(A, K)``.
        column: ``(T,)``; which of the columns is a term's.
        executed: ``(T,)``; its action.
        following: ``(T,)``; the memory it leaves.
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
        m > 1
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


def values(tabular: TabularLevels, probabilities: Floats, channel: Channel, steps: int) -> Floats:
    """What follows from each state and memory.

    Args:
        tabular: ``N`` states.
        probabilities: Of each action in each state, ``(N, A)``.
        channel: Between proposed and executed action, with ``M`` memories.
        steps: After which an episode that has not ended is cut.

    Returns:
        ``(N, M, 5)``: expected return, expected squared return, probability of solving, expected
        number of steps, probability of the cut.
    """
    terms = moves(channel, tabular.n_actions)
    n, m, offsets = tabular.n_states, channel.n_memories, tabular.offsets.astype(np.int64)
    own = len(terms.column) if not terms.alike else int(terms.first[2])
    weight, target = np.empty((n, own)), np.empty((n, own), np.uint32)
    earned, extra = np.zeros((n, 4)), np.zeros((n * m, 4))
    paying, pays = np.empty((n * len(terms.column), 2), np.int64), np.empty(n * len(terms.column))
    bounds = np.empty((tabular.n_levels, 3), np.int64)
    _prepare(
        offsets,
        tabular.next_state.astype(np.int32),
        tabular.reward.astype(np.float64),
        tabular.success.astype(np.bool_),
        np.ascontiguousarray(probabilities @ terms.proposals),
        *(terms.column, terms.executed, terms.following, terms.first, terms.alike),
        *(weight, target, earned, extra, paying, pays, bounds),
    )
    out = np.empty((n, m, 5))
    _iterate(
        *(offsets, terms.first, terms.alike, steps, tabular.timeout_reward),
        *(weight, target, earned, extra, paying, pays, bounds, out),
    )
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
        before: What the rest of a level's unit of mass has come to, ``(5, L)``: return, squared
            return, solved, timeout, and the number of steps of all of it so far.
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


#: What one step does in each level, made by ``_prepare`` for ``_iterate``. Rows are
#: ``state * M + memory`` within a level; those of one more state, the ended episode, stay zero.
#: weight, target  of each term in each state; memories that are alike share the weights of the
#:                 first, and need only the first row of their target
#: earned, extra   what the step itself adds to return, square, solved and length, in all memories
#:                 (a row a state) and in each
#: paying, pays    terms with a reward: row and target, and twice their reward times their weight
#: bounds          of each level in those: first, first that belongs to a single memory, end
_STEP = "f8[:,::1], u4[:,::1], f8[:,::1], f8[:,::1], i8[:,::1], f8[::1], i8[:,::1]"


@compiled(
    "void(i8[::1], i4[:,::1], f8[:,::1], b1[:,::1], f8[:,::1], i8[::1], i8[::1], i8[::1], i8[::1],"
    f" b1, {_STEP})"
)
def _prepare(  # type: ignore[no-untyped-def]  # its types are the signature's
    offsets, next_state, reward, success, share, column, executed, following, first, alike,
    weight, target, earned, extra, paying, pays, bounds,
):  # fmt: skip
    end, m, n_paying = len(next_state), len(first) - 2, 0
    most = (offsets[1:] - offsets[:-1]).max()
    for level in range(len(offsets) - 1):
        base, n = offsets[level], offsets[level + 1] - offsets[level]
        bounds[level, 0] = n_paying
        for j in range(m + 1):
            into = earned[base : base + n] if j == 0 else extra[base * m : (base + n) * m]
            for s in range(n):
                row = s if j == 0 else s * m + j - 1
                for k in range(first[j], first[j + 1]):
                    a, w = executed[k], share[base + s, column[k]]
                    r, t = reward[base + s, a], next_state[base + s, a]
                    ends, t = t == end, (most if t == end else t - base) * m + following[k]
                    if j < 2 or not alike:
                        weight[base + s, k], target[base + s, k] = w, t
                    elif k == first[j]:
                        target[base + s, first[1] + j - 1] = t
                    into[row, 0] += w * r
                    into[row, 1] += w * r * r
                    into[row, 2] += w * success[base + s, a]
                    into[row, 3] += w
                    if r != 0 and w != 0 and not ends:
                        paying[n_paying, 0], paying[n_paying, 1] = row, t
                        pays[n_paying] = 2 * r * w
                        n_paying += 1
            if j == 0:
                bounds[level, 1] = n_paying
        bounds[level, 2] = n_paying


@compiled(f"void(i8[::1], i8[::1], b1, i8, f8, {_STEP}, f8[:,:,::1])", contract=True)
def _iterate(  # type: ignore[no-untyped-def]
    offsets, first, alike, steps, timeout_reward,
    weight, target, earned, extra, paying, pays, bounds, out,
):  # fmt: skip
    # Unsigned numbers, and four at a time by name: so they are read and added as one vector.
    m, shared = np.uint64(out.shape[1]), np.uint64(first[1])
    most = np.uint64((offsets[1:] - offsets[:-1]).max())
    now, later, common = np.zeros((most * m + m, 4)), np.zeros((most * m + m, 4)), earned.copy()
    for level in range(len(offsets) - 1):
        base, n = np.uint64(offsets[level]), np.uint64(offsets[level + 1] - offsets[level])
        for row in range(n * m):
            later[row, 0], later[row, 1] = timeout_reward, timeout_reward**2
            later[row, 2] = later[row, 3] = 0.0
        # One step more than there are, for the probability of being still there at the last.
        for step in range(steps + 1):
            into = now if m == 1 else common
            for s in range(n):
                at = base + s
                g0, g1, g2, g3 = earned[at, 0], earned[at, 1], earned[at, 2], earned[at, 3]
                for k in range(shared):
                    w, t = weight[at, k], np.uint64(target[at, k])
                    g0 += w * later[t, 0]
                    g1 += w * later[t, 1]
                    g2 += w * later[t, 2]
                    g3 += w * later[t, 3]
                into[s, 0], into[s, 1], into[s, 2], into[s, 3] = g0, g1, g2, g3
            for i in range(bounds[level, 0], bounds[level, 1]):
                into[paying[i, 0], 1] += pays[i] * later[paying[i, 1], 0]
            for s in range(np.uint64(n if m > 1 else 0)):
                c0, c1, c2, c3 = common[s, 0], common[s, 1], common[s, 2], common[s, 3]
                at = base + s
                for j in range(m):
                    row, own = s * m + j, at * m + j  # type: ignore[assignment]
                    g0, g1 = c0 + extra[own, 0], c1 + extra[own, 1]
                    g2, g3 = c2 + extra[own, 2], c3 + extra[own, 3]
                    if alike:
                        t = np.uint64(target[at, shared + j])
                        for k in range(m):
                            w = weight[at, shared + k]
                            g0 += w * later[t + k, 0]
                            g1 += w * later[t + k, 1]
                            g2 += w * later[t + k, 2]
                            g3 += w * later[t + k, 3]
                    else:
                        for k in range(np.uint64(first[j + 1]), np.uint64(first[j + 2])):
                            w, t = weight[at, k], np.uint64(target[at, k])
                            g0 += w * later[t, 0]
                            g1 += w * later[t, 1]
                            g2 += w * later[t, 2]
                            g3 += w * later[t, 3]
                    now[row, 0], now[row, 1], now[row, 2], now[row, 3] = g0, g1, g2, g3
            for i in range(bounds[level, 1], bounds[level, 2]):
                now[paying[i, 0], 1] += pays[i] * later[paying[i, 1], 0]
            if step < steps:
                now, later = later, now
        for s in range(n):
            for j in range(m):
                for i in range(4):
                    out[base + s, j, i] = later[s * m + j, i]
                out[base + s, j, 4] = now[s * m + j, 3] - later[s * m + j, 3]
