"""What a policy does on levels, exactly, packed for the page: visits, actions, and when."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rlgen.evaluation import exact
from rlgen.evaluation.visits import Visits, visits
from rlgen.levels.capabilities import as_tabular
from rlgen.levels.family import Family, Levels
from rlgen.levels.tabular import TabularLevels
from rlgen.perturbations.condition import Condition
from rlgen.policies.base import Policy

Floats = NDArray[np.float64]

#: Cells with fewer expected visits show what the policy would do there at the start, with all
#: objects left.
UNVISITED = 1e-6


def times(horizon: int) -> list[int]:
    """Steps at which the page says where the agent is: ever fewer.

    Example:
        >>> times(20)
        [0, 1, 2, 4, 8, 16, 20]
    """
    steps = [0, *(2**power for power in range(horizon.bit_length()))]
    return sorted({*(step for step in steps if step < horizon), horizon})


def walks(
    policy: Policy, family: Family, levels: Levels, conditions: Sequence[Condition]
) -> list[bytes]:
    """What a memoryless policy with action probabilities does on each level.

    Args:
        policy: The policy.
        family: Tabular and of square cells.
        levels: ``L`` levels.
        conditions: Under which it can be computed.

    Returns:
        Of each level, condition after condition: expected visits of each cell that is no wall,
        float16, first all low bytes and then all high ones; the probability of each action there,
        a byte of 255 parts; for each of ``times`` the probability that the episode goes on,
        float16; and for each that it is in each cell, a byte whose square, of 255 squared parts,
        it is.
    """
    packed: list[bytes] = []
    for tabular in exact.chunks(as_tabular(family, "expected visits"), levels):
        probabilities = exact.in_each_state(policy, tabular)
        chosen = times(tabular.horizon)
        every = [visits(tabular, probabilities, c, family.noop, chosen) for c in conditions]
        first = len(packed)
        for place in range(tabular.n_levels):
            walls = family.floor_plan(levels.take([first + place])).walls.ravel()  # type: ignore[attr-defined]
            packed.append(b"".join(_packed(tabular, place, own, walls) for own in every))
    return packed


def _packed(tabular: TabularLevels, place: int, own: Visits, walls: NDArray[np.bool_]) -> bytes:
    assert tabular.situate is not None
    states = np.arange(*tabular.offsets[place : place + 2], dtype=np.int32)
    cells, left = tabular.situate(states).T
    free = np.flatnonzero(~walls)
    expected = np.bincount(cells, own.expected[states], len(walls))
    acted = own.acted[states]
    weighted = own.expected[states][:, None] * acted
    flow = np.stack([np.bincount(cells, column, len(walls)) for column in weighted.T])
    # Where it never is: with as many objects left as can be.
    whole = np.zeros((len(walls), acted.shape[1]))
    order = np.argsort(left, kind="stable")
    whole[cells[order]] = acted[order]
    seldom = expected < UNVISITED
    actions = np.where(seldom, whole.T, flow / np.where(seldom, 1.0, expected))
    present = np.stack([np.bincount(cells, row, len(walls)) for row in own.present[:, states]])
    return b"".join(
        [
            # The bytes of one place in numbers repeat more than those of one number.
            expected[free].astype("<f2").view(np.uint8).reshape(-1, 2).T.tobytes(),
            np.rint(255 * actions[:, free]).astype(np.uint8).tobytes(),
            present.sum(axis=1).astype("<f2").tobytes(),
            np.rint(255 * np.sqrt(np.clip(present[:, free], 0, 1))).astype(np.uint8).tobytes(),
        ]
    )
