"""The compiled loops of ``chain``: the layout of one step, and the backward induction."""

from functools import cache

import numpy as np

from rlgen.util.jit import Function, compiled, inlined

#: What one step does in each level, made by ``prepare`` for the loop over time. Rows are a level's
#: pairs of state and memory; where one is said to be, that is where its four numbers begin.
#:
#: weight, target  of all terms, memory by memory and state by state; memories that are alike share
#:                 their weights, and need the first of each one's targets only
#: earned          what the terms of all memories add, in each state, to return, square, solved and
#:                 length, whatever follows
#: states, some    of each memory in each level: the states that an episode can be in with it, and
#:                 how many
#: paying, gains   terms with a reward or a success: row and target, and what they add to return,
#:                 square and solved, and to the square for each unit of return that follows. For
#:                 terms of all memories the former is in ``earned``; memories that are alike have
#:                 one such entry, with the row in common in the target's place
#: bounds          of each level in those: first, first that belongs to a single memory, end
_STEP = "f8[::1], u4[::1], f8[:,::1], u4[::1], i8[:,::1], u4[::1], f8[::1], i8[:,::1]"


#: Places are unsigned, and four numbers named one by one: so they are read and added as a vector.
_1, _2, _3, _4 = np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(4)


@inlined
def _reach(  # type: ignore[no-untyped-def]
    base, n, next_state, share, column, executed, following, first, reached, pending
):
    m, count = reached.shape[1], 0
    for s in range(base, base + n):
        for j in range(m):
            if reached[s, j]:
                pending[count] = s * m + j
                count += 1
    while count:
        count -= 1
        s, j = divmod(pending[count], m)
        for owner in (0, j + 1):
            for k in range(first[owner], first[owner + 1]):
                t, then = next_state[s, executed[k]], following[k]
                if share[s, column[k]] and t != len(next_state) and not reached[t, then]:
                    reached[t, then] = True
                    pending[count] = t * m + then
                    count += 1


@inlined
def _note(paying, gains, i, row, target, once, twice, solved, double):  # type: ignore[no-untyped-def]
    paying[2 * i], paying[2 * i + 1] = row, target
    gains[4 * i], gains[4 * i + 1], gains[4 * i + 2], gains[4 * i + 3] = once, twice, solved, double
    return i + 1


@compiled(
    "void(i8[::1], i4[:,::1], f8[:,::1], b1[:,::1], f8[:,::1], i8[::1], i8[::1], i8[::1], i8[::1],"
    f" b1, b1[:,::1], {_STEP})"
)
def prepare(  # type: ignore[no-untyped-def]  # its types are the signature's
    offsets, next_state, reward, success, share, column, executed, following, first, alike,
    reached, weight, target, earned, states, some, paying, gains, bounds,
):  # fmt: skip
    """Lay out one step: the channel's terms in each state."""
    m, i = len(first) - 2, 0
    ended = 4 * m * (offsets[1:] - offsets[:-1]).max()
    pending = np.empty(ended // 4, np.int64)
    for level in range(len(offsets) - 1):
        base, n = offsets[level], offsets[level + 1] - offsets[level]
        state_step, memory_step = (4 * m, 4) if alike else (4, 4 * n)
        at = base * (first[2] if alike else first[m + 1])
        bounds[level, 0] = i
        for s in range(n):
            e = earned[base + s]
            e[0], e[1], e[2], e[3] = 0, 0, 0, 1
            for k in range(first[1]):
                a, w, t = executed[k], share[base + s, column[k]], ended
                r, solved = reward[base + s, a], success[base + s, a]
                if next_state[base + s, a] != len(next_state):
                    t = (next_state[base + s, a] - base) * state_step + following[k] * memory_step
                weight[at], target[at] = w, t
                at += 1
                e[0], e[1], e[2] = e[0] + w * r, e[1] + w * r * r, e[2] + w * solved
                if w * r != 0 and t != ended:
                    i = _note(paying, gains, i, 4 * s, t, 0.0, 0.0, 0.0, 2 * w * r)
        bounds[level, 1] = i
        if not alike:
            _reach(base, n, next_state, share, column, executed, following, first, reached, pending)
        for j in range(m):
            own, count, n_states = first[j + 1], first[j + 2] - first[j + 1], 0
            for s in range(n):
                if not (alike or reached[base + s, j]):
                    continue
                states[base * m + j * n + n_states] = s
                n_states += 1
                row, chance = s * state_step + j * memory_step, 0.0
                for k in range(count):
                    a, w, t = executed[own + k], share[base + s, column[own + k]], ended
                    r, solved = reward[base + s, a], success[base + s, a]
                    if next_state[base + s, a] != len(next_state):
                        t = (next_state[base + s, a] - base) * state_step
                        t += following[own + k] * memory_step
                    weight[at + s * count + k] = w
                    chance += w
                    if not alike:
                        target[at + s * count + k] = t
                        if w * r != 0 or w * solved != 0:
                            e0, e1, e2, e3 = w * r, w * r * r, w * solved, 2 * w * r
                            i = _note(paying, gains, i, row, t, e0, e1, e2, e3)
                    elif k == 0:
                        target[at + s * count + j] = t
                if alike and (r != 0 or solved):
                    e0, e1, e2, e3 = chance * r, chance * r * r, chance * solved, 2 * r
                    i = _note(paying, gains, i, row, 4 * s, e0, e1, e2, e3)
            some[level, j] = n_states
            if not alike:
                at += n * count
        bounds[level, 2] = i


@inlined
def _add(later, weight, target, at, count, g0, g1, g2, g3):  # type: ignore[no-untyped-def]
    for k in range(count):
        w, t = weight[at + k], np.uint64(target[at + k])
        g0 += w * later[t]
        g1 += w * later[t + _1]
        g2 += w * later[t + _2]
        g3 += w * later[t + _3]
    return g0, g1, g2, g3


@inlined
def _get(rows, at):  # type: ignore[no-untyped-def]
    return rows[at], rows[at + _1], rows[at + _2], rows[at + _3]


@inlined
def _put(rows, at, g0, g1, g2, g3):  # type: ignore[no-untyped-def]
    rows[at], rows[at + _1], rows[at + _2], rows[at + _3] = g0, g1, g2, g3


@inlined
def _shared(into, later, earned, weight, target, at, n, count):  # type: ignore[no-untyped-def]
    """Add the terms that all memories share."""
    for s in range(n):
        g0, g1, g2, g3 = _get(earned, s * _4)
        g0, g1, g2, g3 = _add(later, weight, target, at + s * count, count, g0, g1, g2, g3)
        _put(into, s * _4, g0, g1, g2, g3)


@inlined
def _alike(now, later, common, weight, target, at, n, m):  # type: ignore[no-untyped-def]
    """Add the terms of memories that share their weights, with targets side by side."""
    for s in range(n):
        c0, c1, c2, c3 = _get(common, s * _4)
        for j in range(m):
            g0, g1, g2, g3, t = c0, c1, c2, c3, np.uint64(target[at + s * m + j])
            for k in range(m):
                w, v = weight[at + s * m + k], t + k * _4
                g0 += w * later[v]
                g1 += w * later[v + _1]
                g2 += w * later[v + _2]
                g3 += w * later[v + _3]
            _put(now, (s * m + j) * _4, g0, g1, g2, g3)


@inlined
def _apart(  # type: ignore[no-untyped-def]
    now, later, common, weight, target, states, some, at, row, count
):
    """Add a single memory's own terms, in the states that can have it."""
    for i in range(some):
        s = np.uint64(states[i])
        g0, g1, g2, g3 = _get(common, s * _4)
        g0, g1, g2, g3 = _add(later, weight, target, at + s * count, count, g0, g1, g2, g3)
        _put(now, row + s * _4, g0, g1, g2, g3)


@cache
def iterate(n_actions: int) -> Function:
    """The backward induction, with sums of ``n_actions`` terms unrolled."""
    actions = np.uint64(n_actions)

    @compiled(f"void(i8[::1], i8[::1], b1, i8, f8, {_STEP}, f8[:,:,::1])", contract=True)
    def loop(  # type: ignore[no-untyped-def]
        offsets, first, alike, steps, timeout_reward,
        weight, target, earned, states, some, paying, gains, bounds, out,
    ):  # fmt: skip
        m, shared = np.uint64(out.shape[1]), np.uint64(first[1])
        terms = np.uint64(first[2] if alike else first[m + _1])
        most = np.uint64((offsets[1:] - offsets[:-1]).max())
        now, later = np.zeros((most + _1) * m * _4), np.zeros((most + _1) * m * _4)
        common = np.zeros(most * _4)
        for level in range(len(offsets) - 1):
            base, n = np.uint64(offsets[level]), np.uint64(offsets[level + 1] - offsets[level])
            b0, b1, b2 = bounds[level]
            own = earned[base : base + n].ravel()
            for r in range(n * m):
                _put(later, r * _4, timeout_reward, timeout_reward**2, 0.0, 0.0)
            common[: n * _4] = own
            # One step more than there are, for the probability of being still there at the last.
            for step in range(steps + 1):
                into, at = now if m == _1 else common, base * terms
                if shared == actions:
                    _shared(into, later, own, weight, target, at, n, actions)
                elif shared:
                    _shared(into, later, own, weight, target, at, n, shared)
                for i in range(np.uint64(b0), np.uint64(b1)):
                    row, t = np.uint64(paying[_2 * i]), np.uint64(paying[_2 * i + _1])
                    into[row + _1] += gains[_4 * i + _3] * later[t]
                at += n * shared
                if alike:
                    _alike(now, later, common, weight, target, at, n, actions)
                for j in range(np.uint64(0 if alike or m == _1 else m)):
                    count, here = np.uint64(first[j + _2] - first[j + _1]), base * m + j * n
                    able, row = states[here : here + n], j * n * _4
                    n_able = some[level, j]
                    if count == _1:
                        _apart(now, later, common, weight, target, able, n_able, at, row, _1)
                    elif count == actions:
                        _apart(now, later, common, weight, target, able, n_able, at, row, actions)
                    else:
                        _apart(now, later, common, weight, target, able, n_able, at, row, count)
                    at += n * count
                for i in range(np.uint64(b1), np.uint64(b2)):
                    row, t = np.uint64(paying[_2 * i]), np.uint64(paying[_2 * i + _1])
                    once, twice, solved, double = _get(gains, _4 * i)
                    follows = now[row] - common[t] if alike else later[t]
                    now[row] += once
                    now[row + _1] += twice + double * follows
                    now[row + _2] += solved
                if step < steps:
                    now, later = later, now
            for s in range(n):
                for j in range(m):
                    row = _4 * (s * m + j if alike else j * n + s)
                    out[base + s, j, :4] = later[row : row + _4]
                    out[base + s, j, 4] = now[row + _3] - later[row + _3]

    return loop
