"""Tables of what to do at observations."""

import numpy as np
from numpy.typing import NDArray

from rlgen.errors import LevelError
from rlgen.policies.base import Observations, Probabilities

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


class Table:
    """Rows of numbers at stored observations.

    Args:
        width: Numbers a row.
    """

    def __init__(self, width: int) -> None:
        self._keys = np.zeros(0, np.uint64)
        self._rows = np.zeros((0, width))

    def __len__(self) -> int:
        """Number of stored observations."""
        return len(self._keys)

    def store(self, names: NDArray[np.uint64], rows: NDArray[np.float64]) -> None:
        """Add entries; the first entry of an observation stays.

        Args:
            names: ``keys`` of the observations, ``(B,)``.
            rows: ``(B, width)``.
        """
        merged = np.concatenate([self._keys, names])
        self._keys, first = np.unique(merged, return_index=True)
        self._rows = np.concatenate([self._rows, rows])[first]

    def find(self, observations: Observations) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """The rows of observations, ``(B, width)``, and which are stored, ``(B,)``.

        Rows of those that are not stored have no meaning.
        """
        names = keys(observations)
        if not len(self):
            return np.zeros((len(names), self._rows.shape[1])), np.zeros(len(names), np.bool_)
        place = np.searchsorted(self._keys, names).clip(max=len(self) - 1)
        return self._rows[place], self._keys[place] == names

    def planned(self, observations: Observations) -> NDArray[np.float64]:
        """The rows of observations, ``(B, width)``.

        Raises:
            LevelError: If an observation is not stored.
        """
        rows, stored = self.find(observations)
        if not stored.all():
            raise LevelError(
                f"the planner received {(~stored).sum()} observations of levels that it has not "
                "planned; call its learn(levels) first"
            )
        return rows

    def or_uniform(self, observations: Observations) -> Probabilities:
        """The rows as action probabilities, uniform for observations that are not stored."""
        rows, stored = self.find(observations)
        rows[~stored] = 1 / rows.shape[1]
        return rows
