"""Nearest-neighbour cloning: a memoriser that interpolates (method 3.5)."""

import numpy as np
from numpy.typing import NDArray

from rlgen.agents.controls.base import Control, all_observations, batches
from rlgen.errors import LevelError
from rlgen.evaluation import planner
from rlgen.levels.family import Family, Levels
from rlgen.policies.base import Observations, Policy, Probabilities
from rlgen.policies.functions import FunctionPolicy

#: Distances computed at once, and stored observations unpacked at once.
BLOCK = 2048


class Neighbours:
    """The stored action of the stored observation that differs in the fewest entries.

    Of ties the first is taken. Distances are products of matrices; their time is proportional to
    the number of stored times requested observations: about a second for 8,000 times 8,000.

    Args:
        observations: Zeros and ones, ``(S, *observation shape)``.
        actions: ``(S,)``.
        n_actions: Number of actions.

    Raises:
        LevelError: If an observation holds anything but zeros and ones.
    """

    def __init__(
        self, observations: Observations, actions: NDArray[np.int64], n_actions: int
    ) -> None:
        flat = _flat(observations)
        # Entries that are the same in all stored observations do not matter.
        self._varies = np.flatnonzero((flat != flat[0]).any(axis=0))
        self._stored = np.packbits(flat[:, self._varies], axis=1)
        self._actions = actions
        self._n_actions = n_actions

    def __call__(self, observations: Observations) -> Probabilities:
        """All probability on the neighbour's action, float64 ``(B, n_actions)``."""
        queries = _flat(observations)[:, self._varies].astype(np.float32)
        nearest = np.zeros(len(queries), np.int64)
        least = np.full(len(queries), np.inf, np.float32)
        for first in range(0, len(self._stored), BLOCK):
            bits = np.unpackbits(
                self._stored[first : first + BLOCK], axis=1, count=len(self._varies)
            ).astype(np.float32)
            size = bits.sum(axis=1)
            for low in range(0, len(queries), BLOCK):
                part = slice(low, low + BLOCK)
                # |x - y| = |x| + |y| - 2 x y, here without |x|, which is constant in a row
                distance = size - 2 * (queries[part] @ bits.T)
                here = distance.argmin(axis=1)
                value = distance[np.arange(len(here)), here]
                closer = value < least[part]
                nearest[part][closer] = first + here[closer]
                least[part][closer] = value[closer]
        one: Probabilities = np.eye(self._n_actions)[self._actions[nearest]]
        return one


def _flat(observations: Observations) -> NDArray[np.uint8]:
    flat = observations.reshape(len(observations), -1)
    if flat.size and (flat.min() < 0 or flat.max() > 1 or flat.dtype.kind not in "bu"):
        raise LevelError("nearest-neighbour needs observations of zeros and ones")
    return flat.astype(np.uint8)


class NearestNeighbour(Control):
    """The planner's action in the Hamming-nearest state of the training levels."""

    def fit(self, family: Family, levels: Levels, seed: int) -> Policy:
        """See ``Control.fit``."""
        del seed
        observations, actions = [], []
        for tabular in batches(family, levels):
            observations.append(all_observations(tabular))
            actions.append(planner.plan(tabular).action)
        n = family.n_actions
        neighbours = Neighbours(np.concatenate(observations), np.concatenate(actions), n)
        return FunctionPolicy(neighbours, n, stochastic=False)


MEMBER = NearestNeighbour()
