"""Two arms of a study, run by run: the same seeds, training levels and held-out levels.

Where runs have no such partners the arms have the held-out levels alone in common.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rlgen.analysis.stats.estimates import GROUPS, why_apart
from rlgen.analysis.stats.intervals import Estimate, Floats
from rlgen.analysis.stats.tables import UNKNOWN_LEVEL

_EMPTY = np.empty((0, 0))


@dataclass(frozen=True)
class Arm:
    """Returns by run, in the order of seeds and level ids.

    Attributes:
        train: Of each run, ``(L,)``.
        train_score: Normalised, likewise.
        test: ``(S, L)``.
        test_score: ``(S, L)``.
        trained_on: Of each run the ids of its training levels.
        held_out: Ids of the held-out levels, ``(L,)``.
        reason: Why there are none.
        in_groups: Whether some of the runs alone were trained on the same levels.
    """

    train: list[Floats] = field(default_factory=list)
    train_score: list[Floats] = field(default_factory=list)
    test: Floats = field(default_factory=lambda: _EMPTY)
    test_score: Floats = field(default_factory=lambda: _EMPTY)
    trained_on: list[NDArray[np.int64]] = field(default_factory=list)
    held_out: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    reason: str = ""
    in_groups: bool = False

    @property
    def shares_pool(self) -> bool:
        """Whether all runs were trained on the same levels, which then are a sample too.

        Of levels that are not known it is not known, and they are taken for the runs' own.
        """
        first = self.trained_on[0] if self.trained_on else ()
        same = all(np.array_equal(ids, first) for ids in self.trained_on)
        return same and UNKNOWN_LEVEL not in first


@dataclass(frozen=True)
class Matched:
    """Two arms with the same held-out levels and, if they are pairs, the same runs in their order.

    Attributes:
        one: The first.
        other: The second.
        apart: Why their runs are no pairs; empty if they are.
        reason: Why they cannot be compared; empty if they can.
        left_out: Runs of either that are in no pair, where others are.
    """

    one: Arm
    other: Arm
    apart: str = ""
    reason: str = ""
    left_out: int = 0

    @property
    def runs(self) -> int:
        """How many runs the first has, which are the pairs if there are some."""
        return len(self.one.train)

    @property
    def shares_pool(self) -> bool:
        """Whether all runs of both were trained on the same levels."""
        both = self.one.shares_pool and self.other.shares_pool
        return both and _same(self.one.trained_on[:1], self.other.trained_on[:1])

    def apart_in_groups(self, estimate: Estimate) -> Estimate:
        """An estimate of training returns, without its interval where runs are in groups."""
        if not (self.one.in_groups or self.other.in_groups):
            return estimate
        return Estimate(estimate.mean, reason=GROUPS)


def matched(one: pd.DataFrame, other: pd.DataFrame, missing: str) -> Matched:
    """Pair the runs of two arms by their seeds, if all runs of one have partners.

    Args:
        one: Folded records of the first arm, of one condition.
        other: Of the second.
        missing: The reason if they have no seed in common.
    """
    seeds = sorted(seed for seed in set(one["seed"]) & set(other["seed"]) if seed >= 0)
    first, second = (_arm(rows[rows["seed"].isin(seeds)]) for rows in (one, other))
    numbers = [rows["seed"].nunique() for rows in (one, other)]
    apart = "" if seeds else missing
    if 0 < len(seeds) < min(numbers):
        apart = f"{len(seeds)} of {min(numbers)} and {max(numbers)} runs have a seed in common"
    elif seeds and any(rows.duplicated(["split", "seed"]).any() for rows in (one, other)):
        apart = "several runs have the same seed"
    elif seeds and not _same(first.trained_on, second.trained_on):
        apart = "runs of the same seed have other training levels"
    if apart:
        first, second = _arm(one), _arm(other)
    reason = first.reason or second.reason
    if not reason and not np.array_equal(first.held_out, second.held_out):
        reason = "the two have other levels"
    if not reason and not first.held_out.size:
        reason = "they have no held-out level in common"
    left_out = 0 if apart else sum(numbers) - 2 * len(seeds)
    return Matched(first, second, apart, reason, left_out)


def _arm(rows: pd.DataFrame) -> Arm:
    # Runs of one seed stand in the same order in each pool, on any processor.
    order = rows.sort_values(["seed", "run_id"], kind="stable")
    pools = dict(iter(order.groupby("split", observed=True)))
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
        list(train["level_id"]),
        test["level_id"].iloc[0],
        in_groups=why_apart(train, "train") == GROUPS,
    )


def _same(one: list[NDArray[np.int64]], other: list[NDArray[np.int64]]) -> bool:
    pairs = zip(one, other, strict=False)
    return len(one) == len(other) and all(a is b or np.array_equal(a, b) for a, b in pairs)
