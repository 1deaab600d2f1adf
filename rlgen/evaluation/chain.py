"""The Markov chain of one policy, behind one channel, on a batch of tabular levels.

Forward in time, each (state, memory) holds the probability of being there and, restricted to it,
the first two moments of the return so far. One compiled loop carries all three along.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rlgen.compiled import compiled
from rlgen.perturbations.base import Channel
from rlgen.tabular import TabularLevels

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: What is less likely than this is left out: over all states and steps of an episode it adds up
#: to less than the rounding of a return.
NEVER = 1e-18


@dataclass(frozen=True)
class Moves:
    """What a channel makes of a step, as a sum of terms.

    A term takes a share of the mass of one memory, or of all memories together where they are
    treated alike (so the chance that nothing sticks is one term, not one for each memory),
    executes one action and leaves one memory. The share is the policy's probabilities times the
    term's column of ``proposals``.

    Attributes:
        proposals: ``(A, K)``.
        memory: ``(K,)``; whose mass, and the number of memories for that of all.
        executed: ``(K,)``; the executed action.
        following: ``(K,)``; the next memory.
    """

    proposals: Floats
    memory: Ints
    executed: Ints
    following: Ints


def moves(channel: Channel, n_actions: int) -> Moves:
    """The terms of a channel, those of one memory and one executed action side by side."""
    m, k = channel.n_memories, len(channel.noise)
    memory, proposed, noise = (a.ravel() for a in np.indices((m, n_actions, k)))
    executed, following = channel.apply(memory, proposed, noise)
    codes, which = np.unique((memory * n_actions + executed) * m + following, return_inverse=True)
    chance = np.zeros((len(codes), n_actions))
    np.add.at(chance, (which, proposed), channel.noise[noise])
    if m > 1:
        # What every memory has in common, at least.
        ways, way, count = np.unique(
            codes % (n_actions * m), return_inverse=True, return_counts=True
        )
        common = np.full((len(ways), n_actions), np.inf)
        np.minimum.at(common, way, chance)
        common[count < m] = 0.0
        chance = np.concatenate([chance - common[way], common])
        codes = np.concatenate([codes, m * n_actions * m + ways])
    used = chance.any(axis=1)
    chance, codes = chance[used], codes[used]
    memory, rest = np.divmod(codes, n_actions * m)
    return Moves(np.ascontiguousarray(chance.T), memory, rest // m, rest % m)


def propagate(
    tabular: TabularLevels, probabilities: Floats, channel: Channel, start: Floats, steps: int
) -> Floats:
    """Let the policy play.

    Everything is a sum over the starting mass, which need not be one.

    Args:
        tabular: ``L`` levels.
        probabilities: Of each action in each state, ``(N, A)``.
        channel: Between proposed and executed action, with ``M`` memories.
        start: Mass of each ``state * M + memory``, its expected return so far and the square of
            it, each times that mass, ``(N * M, 3)``.
        steps: After which an episode that has not ended is cut.

    Returns:
        ``(5, L)``: expected return, expected squared return, probability of solving, probability
        of the cut, expected number of further steps.
    """
    terms = moves(channel, tabular.n_actions)
    m = channel.n_memories
    mass = np.zeros((tabular.n_states, m, 4))
    mass[:, :, :3] = start.reshape(-1, m, 3)
    totals = np.zeros((tabular.n_levels, 5))
    _propagate(
        tabular.offsets.astype(np.int64),
        tabular.next_state.astype(np.int32),
        tabular.reward.astype(np.float64),
        tabular.success.astype(np.bool_),
        np.ascontiguousarray(probabilities @ terms.proposals),
        terms.memory,
        terms.executed,
        terms.following,
        mass,
        steps,
        tabular.timeout_reward,
        totals,
    )
    return np.ascontiguousarray(totals.T)


@compiled(
    "void(i8[::1], i4[:,::1], f8[:,::1], b1[:,::1], f8[:,::1], i8[::1], i8[::1], i8[::1],"
    " f8[:,:,::1], i8, f8, f8[:,::1])"
)
def _propagate(  # type: ignore[no-untyped-def]  # its types are the signature's
    offsets,
    next_state,
    reward,
    success,
    share,
    memory,
    executed,
    following,
    start,
    steps,
    timeout_reward,
    totals,
):
    end, m, terms = len(next_state), start.shape[1], len(memory)
    largest = (offsets[1:] - offsets[:-1]).max()
    now, later = np.zeros((largest, m, 4)), np.zeros((largest, m, 4))
    whole = np.zeros(4)
    for level in range(len(offsets) - 1):
        first, n = offsets[level], offsets[level + 1] - offsets[level]
        now[:n] = start[first : first + n]
        for _ in range(steps):
            present = 0.0
            for s in range(n):
                for i in range(4):
                    whole[i] = now[s, 0, i]
                for j in range(1, m):
                    for i in range(4):
                        whole[i] += now[s, j, i]
                if whole[0] < NEVER:
                    if whole[0] > 0:
                        now[s] = 0.0
                    continue
                present += whole[0]
                for k in range(terms):
                    w = share[first + s, k]
                    source = whole if memory[k] == m else now[s, memory[k]]
                    p = w * source[0]
                    if p < NEVER:
                        continue
                    a = executed[k]
                    r = reward[first + s, a]
                    once = w * source[1] + r * p
                    twice = w * source[2] + r * (2 * w * source[1] + r * p)
                    target = next_state[first + s, a]
                    if target == end:
                        totals[level, 0] += once
                        totals[level, 1] += twice
                        totals[level, 2] += p * success[first + s, a]
                    else:
                        into = later[target - first, following[k]]
                        into[0] += p
                        into[1] += once
                        into[2] += twice
                now[s] = 0.0
            totals[level, 4] += present
            now, later = later, now
            if present < NEVER:
                break
        for s in range(n):
            for j in range(m):
                p, once, twice = now[s, j, 0], now[s, j, 1], now[s, j, 2]
                totals[level, 0] += once + timeout_reward * p
                totals[level, 1] += twice + timeout_reward * (2 * once + timeout_reward * p)
                totals[level, 3] += p
        now[:n] = 0.0
