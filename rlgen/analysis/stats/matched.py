"""Two arms of a study, run by run: the same seeds, training levels and held-out levels."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rlgen.analysis.stats.estimates import why_apart
from rlgen.analysis.stats.intervals import Floats

_EMPTY = np.empty((0, 0))


@dataclass(frozen=True)
class Arm:
    """Returns by run, in the order of seeds and level ids.

    Attributes:
        train: Of each run, ``(L,)``.
        train_score: Normalised, likewise.
        test: ``(S, L)``.
        test_score: ``(S, L)``.
        levels: Of each run the ids of its training levels, then of each those of its held-out
            levels.
        reason: Why there are none.
    """

    train: list[Floats] = field(default_factory=list)
    train_score: list[Floats] = field(default_factory=list)
    test: Floats = field(default_factory=lambda: _EMPTY)
    test_score: Floats = field(default_factory=lambda: _EMPTY)
    levels: list[NDArray[np.int64]] = field(default_factory=list)
    reason: str = ""


@dataclass(frozen=True)
class Matched:
    """Two arms with the same runs in the same order.

    Attributes:
        one: The first.
        other: The second.
        runs: Pairs of runs.
        reason: Why they cannot be compared; empty if they can.
    """

    one: Arm
    other: Arm
    runs: int
    reason: str = ""


def matched(one: pd.DataFrame, other: pd.DataFrame, missing: str) -> Matched:
    """Pair the runs of two arms by their seeds.

    Args:
        one: Folded records of the first arm, of one condition.
        other: Of the second.
        missing: The reason if they have no seed in common.
    """
    seeds = sorted(seed for seed in set(one["seed"]) & set(other["seed"]) if seed >= 0)
    first, second = (_arm(rows[rows["seed"].isin(seeds)]) for rows in (one, other))
    reason = "" if seeds else missing
    if seeds and any(rows.duplicated(["split", "seed"]).any() for rows in (one, other)):
        reason = "several runs have the same seed"
    reason = reason or first.reason or second.reason
    if not reason and not _same(first.levels, second.levels):
        reason = "the two have other levels"
    return Matched(first, second, len(seeds), reason)


def _arm(rows: pd.DataFrame) -> Arm:
    pools = dict(iter(rows.sort_values("seed").groupby("split", observed=True)))
    if not {"train", "test"} <= pools.keys():
        return Arm(reason="there are no training or no held-out levels")
    train, test = pools["train"], pools["test"]
    if reason := why_apart(test, "held-out"):
        return Arm(reason=reason)
    return Arm(
        list(train["ret_mean"]),
        list(train["normalised"]),
        np.stack(list(test["ret_mean"])),
        np.stack(list(test["normalised"])),
        [*train["level_id"], *test["level_id"]],
    )


def _same(one: list[NDArray[np.int64]], other: list[NDArray[np.int64]]) -> bool:
    pairs = zip(one, other, strict=False)
    return len(one) == len(other) and all(a is b or np.array_equal(a, b) for a, b in pairs)
