"""Policies that look an observation up in a table."""

import numpy as np
from numpy.typing import NDArray

from rlgen.errors import LevelError
from rlgen.policies.base import MemorylessPolicy, Observations, Probabilities

#: From the finaliser of SplitMix64 (Steele, Lea and Flood 2014).
_FACTOR = np.uint64(0xBF58476D1CE4E5B9)
_SHIFT = np.uint64(29)


def keys(observations: Observations) -> NDArray[np.uint64]:
    """A 64-bit name of each observation, ``(B,)``.

    A million observations share a name with probability 1e-8. Names of Python's own making, one
    ``bytes`` each, would take seconds for the 784,000 states of a thousand mazes.
    """
    rows = np.ascontiguousarray(observations).reshape(len(observations), -1).view(np.uint8)
    padded = np.zeros((len(rows), -(-rows.shape[1] // 8) * 8), np.uint8)
    padded[:, : rows.shape[1]] = rows
    names = np.zeros(len(rows), np.uint64)
    for word in np.ascontiguousarray(padded.view(np.uint64).T):
        # Each step is one-to-one for a given word, so a single difference is never lost.
        names ^= word
        names *= _FACTOR
        names ^= names >> _SHIFT
    return names


class LookupPolicy(MemorylessPolicy):
    """Known probabilities at known observations, uniform elsewhere.

    Args:
        n_actions: Number of actions.
    """

    def __init__(self, n_actions: int) -> None:
        self._keys = np.zeros(0, np.uint64)
        self._table = np.zeros((0, n_actions))

    def __len__(self) -> int:
        """How many observations are known."""
        return len(self._keys)

    def store(self, names: NDArray[np.uint64], probabilities: Probabilities) -> None:
        """Add entries; of several for one observation the first counts, for ever.

        Args:
            names: ``keys`` of the observations, ``(B,)``.
            probabilities: ``(B, A)``.
        """
        merged = np.concatenate([self._keys, names])
        self._keys, first = np.unique(merged, return_index=True)
        self._table = np.concatenate([self._table, probabilities])[first]

    def probabilities(self, observations: Observations) -> Probabilities:
        """See ``MemorylessPolicy.probabilities``."""
        names = keys(observations)
        if not len(self):
            return self.elsewhere(len(names))
        place = np.searchsorted(self._keys, names).clip(max=len(self) - 1)
        found: Probabilities = self._table[place]
        unknown = self._keys[place] != names
        if unknown.any():
            found[unknown] = self.elsewhere(int(unknown.sum()))
        return found

    def elsewhere(self, count: int) -> Probabilities:
        """Probabilities at ``count`` unknown observations."""
        n_actions = self._table.shape[1]
        return np.full((count, n_actions), 1 / n_actions)


class KnownOnly(LookupPolicy):
    """The same, but at an unknown observation it says so instead of guessing."""

    def elsewhere(self, count: int) -> Probabilities:
        """Raises.

        Raises:
            LevelError: Always.
        """
        raise LevelError(
            f"the planner was asked about {count} observations of levels that it does not know; "
            "call its learn(levels) first"
        )
