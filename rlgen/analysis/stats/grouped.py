"""Returns by group, where whole groups of levels are held out.

Levels of one game, template or rule are alike, so that 200 levels of four unseen games are a sample
of four: intervals from single levels would be far too short. In a pool of held-out groups a group
is what a level is elsewhere, with the mean over its levels; all groups count the same. What is
estimated is the mean return on a new group, and a study needs several of them.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from rlgen.analysis.stats.tables import ARRAYS, FLOATS
from rlgen.errors import DamagedStoreError

#: By split (its manifest) and pool the group of each level.
Groups = Mapping[str, Mapping[str, Mapping[int, str]]]


def group_means(values: ArrayLike, groups: Sequence[str]) -> NDArray[np.float64]:
    """The mean of each group, ``(G,)``, in the order of their names.

    Args:
        values: ``(L,)``, one a level.
        groups: ``L`` labels.

    Example:
        >>> group_means([1.0, 0.0, 1.0, 4.0], ["a", "b", "a", "b"]).tolist()
        [1.0, 2.0]
    """
    _, places = np.unique(np.asarray(groups), return_inverse=True)
    sums = np.bincount(places, np.asarray(values, np.float64))
    means: NDArray[np.float64] = sums / np.bincount(places)
    return means


def by_group(folded: pd.DataFrame, groups: Groups) -> pd.DataFrame:
    """Folded records with groups in the place of levels, in pools whose groups were held out.

    Args:
        folded: See ``tables.fold_tables``.
        groups: Of the splits that have some; a pool is one of held-out groups if the run has no
            training level of any of them.

    Returns:
        The same rows. Where groups were held out the arrays are ``(G,)``, ascending by
        ``level_id``, a number that follows from the group's name, and so is the same in each study.

    Raises:
        DamagedStoreError: If a split lacks a level.
    """
    if folded.empty or not groups:
        return folded
    rows = [(str(run), str(manifest), str(pool)) for run, manifest, pool in _names(folded)]
    trained = {
        run: set(groups.get(manifest, {}).get(pool, {}).values())
        for run, manifest, pool in rows
        if pool == "train"
    }
    arrays = {name: list(folded[name]) for name in ARRAYS if name in folded}
    for place, (run, manifest, pool) in enumerate(rows):
        own = groups.get(manifest, {}).get(pool, {})
        if pool == "train" or not own or trained.get(run, set()) & set(own.values()):
            continue
        levels = arrays["level_id"][place].tolist()
        if not set(levels) <= own.keys():
            raise DamagedStoreError(f"split {manifest}: has not all levels that were played")
        labels = [own[level] for level in levels]
        numbers = np.array([number_of(name) for name in sorted(set(labels))])
        order = np.argsort(numbers)
        arrays["level_id"][place] = numbers[order]
        for name in FLOATS:
            if name in arrays:
                arrays[name][place] = group_means(arrays[name][place], labels)[order]
    return folded.assign(**{name: _objects(values) for name, values in arrays.items()})


def _names(folded: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    """Run, manifest and pool of each row."""
    return zip(*(folded[name] for name in ("run_id", "manifest", "split")), strict=True)


def number_of(group: str) -> int:
    """A number for a group, at least 0 and below ``2**63``.

    Example:
        >>> number_of("a") == number_of("a") != number_of("b")
        True
    """
    return int.from_bytes(hashlib.sha256(group.encode()).digest()[:8]) >> 1


def _objects(values: Sequence[Any]) -> NDArray[Any]:
    # One by one, as numpy would make a matrix of arrays of one length.
    column = np.empty(len(values), object)
    for place, value in enumerate(values):
        column[place] = value
    return column
