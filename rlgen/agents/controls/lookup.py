"""Policies that look observations up in a table."""

import numpy as np
from numpy.typing import NDArray

from rlgen.errors import LevelError
from rlgen.policies.base import MemorylessPolicy, Observations, Probabilities

#: From the finaliser of SplitMix64 (Steele, Lea and Flood 2014).
_FACTOR = np.uint64(0xBF58476D1CE4E5B9)
_SHIFT = np.uint64(29)


def keys(observations: Observations) -> NDArray[np.uint64]:
    """A 64-bit hash of each observation, ``(B,)``.

    Among a million observations two share a hash with probability 1e-8. Python's ``bytes`` as keys
    would take seconds for the 784,000 states of a thousand mazes.
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
    """Stored probabilities at stored observations, uniform at all others.

    Args:
        n_actions: Number of actions.
    """

    def __init__(self, n_actions: int) -> None:
        self._keys = np.zeros(0, np.uint64)
        self._table = np.zeros((0, n_actions))

    def __len__(self) -> int:
        """Number of stored observations."""
        return len(self._keys)

    def store(self, names: NDArray[np.uint64], probabilities: Probabilities) -> None:
        """Add entries; the first entry of an observation stays.

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
        rows: Probabilities = self._table[place]
        unknown = self._keys[place] != names
        if unknown.any():
            rows[unknown] = self.elsewhere(int(unknown.sum()))
        return rows

    def elsewhere(self, count: int) -> Probabilities:
        """Probabilities at ``count`` observations that are not stored."""
        n_actions = self._table.shape[1]
        return np.full((count, n_actions), 1 / n_actions)


class KnownOnly(LookupPolicy):
    """Stored probabilities at stored observations, an error at all others."""

    def elsewhere(self, count: int) -> Probabilities:
        """Refuse observations that are not stored.

        Raises:
            LevelError: Always.
        """
        raise LevelError(
            f"the planner received {count} observations of levels that it has not planned; "
            "call its learn(levels) first"
        )
