"""Which of two arms plays new levels better: paired by seed and level (method 2.4, 2.6).

An arm is an agent with a network and a regulariser. Two arms of the same family, pool size and flip
probability share their seeds, and so their levels: what these have in common cancels in the
difference. Arms of different runs share held-out levels alone (``unpaired``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student_t

from rlgen.analysis.stats import intervals
from rlgen.analysis.stats.aggregates import improvement, iqm_estimate
from rlgen.analysis.stats.estimates import why_unscored
from rlgen.analysis.stats.intervals import NAN, Estimate, Floats
from rlgen.analysis.stats.matched import Matched, matched
from rlgen.analysis.stats.multiplicity import holm
from rlgen.analysis.stats.paired import paired_mean
from rlgen.analysis.stats.tables import ARRAYS, fold
from rlgen.analysis.stats.unpaired import unpaired_gap, unpaired_mean

#: What an arm is, and what two arms have in common.
ARM, TASK = ("agent", "network", "regulariser"), ("family", "n_train_levels", "flip_p")
#: Two returns on a level that differ by less are a tie, where the largest return is 1.
TIE = 1e-9
#: The family-wise error of the words over all pairs of a study.
ALPHA = 0.05


@dataclass(frozen=True)
class Standing:
    """One arm on the held-out levels.

    Attributes:
        task: Values of ``TASK``.
        arm: Values of ``ARM``.
        runs: How many.
        scores: Normalised scores, ``(S, L)``; empty where they are no table.
        iqm: Interquartile mean of normalised scores over runs and levels.
    """

    task: Mapping[str, Any]
    arm: Mapping[str, Any]
    runs: int
    scores: Floats
    iqm: Estimate


@dataclass(frozen=True)
class Comparison:
    """Two arms on one task; differences are the first minus the second.

    Attributes:
        task: Values of ``TASK``.
        first: Values of ``ARM``.
        second: Values of ``ARM``.
        runs: Pairs of runs; of runs that are no pairs those of the first.
        test: Difference of the held-out return.
        gap: Difference of the generalization gap.
        p: Two-sided p-value of the difference of the held-out return, of its t interval.
        adjusted: The same after Holm's correction over all pairs of the study.
        improvement: Probability that a run of the first has the higher held-out return than one of
            the second, on these levels.
        wins: Levels on which the first has the higher mean over runs.
        ties: On which neither has.
        losses: On which the second has.
        reason: Why they cannot be compared.
        apart: Why their runs are no pairs; empty if they are.
        others: Then, the runs of the second.
        left_out: Runs of either that are in no pair, where others are.
        family: Pairs over which ``adjusted`` is corrected.
        size: The largest magnitude of a return, by which its numbers are spelt.
    """

    task: Mapping[str, Any]
    first: Mapping[str, Any]
    second: Mapping[str, Any]
    runs: int
    test: Estimate
    gap: Estimate
    p: float
    adjusted: float
    improvement: Estimate
    wins: int = 0
    ties: int = 0
    losses: int = 0
    reason: str = ""
    apart: str = ""
    others: int = 0
    left_out: int = 0
    family: int = 1
    size: float = 1.0

    @property
    def better(self) -> str:
        """Which one is, where the corrected test says so: "first", "second", or empty."""
        if not self.adjusted <= ALPHA:
            return ""
        return "first" if self.test.mean > 0 else "second"


def comparisons(
    records: pd.DataFrame, order: Mapping[str, Sequence[str]] | None = None
) -> list[Comparison]:
    """Every pair of arms on each task on which there are several.

    Args:
        records: Columns as in ``records.RECORDS``, or folded, of one condition.
        order: Of ``ARM``, the names in the order in which they come; others follow.
    """
    pairs = []
    for task, arms in _by_task(records, order or {}):
        for (first, one), (second, other) in combinations(arms, 2):
            pairs.append(_compare(task, first, second, one, other))
    return corrected(pairs)


def across(
    one: tuple[str, pd.DataFrame],
    other: tuple[str, pd.DataFrame],
    order: Mapping[str, Sequence[str]] | None = None,
) -> list[Comparison]:
    """Every arm of one study against every arm of another, on the tasks that both have.

    Args:
        one: A name and folded records of one condition, see ``comparisons``; the name stands in
            the arms as ``study``.
        other: Likewise. Held-out levels that only one has played are left out.
        order: See ``comparisons``.
    """
    (name, records), (other_name, other_records) = one, other
    theirs = {tuple(task.values()): arms for task, arms in _by_task(other_records, order or {})}
    pairs = []
    for task, arms in _by_task(records, order or {}):
        for first, mine in arms:
            for second, own in theirs.get(tuple(task.values()), ()):
                pairs.append(
                    _compare(
                        task,
                        {**first, "study": name},
                        {**second, "study": other_name},
                        *_common(mine, own),
                    )
                )
    return corrected(pairs)


def _common(one: pd.DataFrame, other: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Folded records with the held-out levels that all runs of both have played."""
    tests = [rows[rows["split"] == "test"] for rows in (one, other)]
    played = [set(ids.tolist()) for rows in tests for ids in rows["level_id"]]
    if not all(len(rows) for rows in tests):
        return one, other
    shared = np.array(sorted(set.intersection(*played)), dtype=np.int64)
    return _only(one, shared), _only(other, shared)


def _only(rows: pd.DataFrame, levels: np.ndarray[Any, Any]) -> pd.DataFrame:
    rows = rows.copy()
    for column in [name for name in ARRAYS if name in rows and name != "level_id"]:
        rows[column] = [
            values[np.isin(ids, levels)] if split == "test" else values
            for values, ids, split in zip(
                rows[column], rows["level_id"], rows["split"], strict=True
            )
        ]
    rows["level_id"] = [
        ids[np.isin(ids, levels)] if split == "test" else ids
        for ids, split in zip(rows["level_id"], rows["split"], strict=True)
    ]
    return rows


def corrected(pairs: Sequence[Comparison]) -> list[Comparison]:
    """The comparisons with Holm's correction over all of them."""
    if not pairs:
        return []
    adjusted = holm([pair.p for pair in pairs])
    return [
        replace(pair, adjusted=float(p), family=len(pairs))
        for pair, p in zip(pairs, adjusted, strict=True)
    ]


def standings(
    records: pd.DataFrame, order: Mapping[str, Sequence[str]] | None = None
) -> list[Standing]:
    """Each arm of the tasks on which there are several; arguments as of ``comparisons``."""
    standing = []
    for task, arms in _by_task(records, order or {}):
        for arm, rows in arms if len(arms) > 1 else ():
            own = matched(rows, rows, "seeds are not known")
            scores = own.one.test_score
            why = own.reason or why_unscored(rows[rows["split"] == "test"], "test")
            estimate = Estimate(NAN, reason=why) if why else iqm_estimate(scores)
            standing.append(Standing(task, arm, own.runs, scores, estimate))
    return standing


def _by_task(
    records: pd.DataFrame, order: Mapping[str, Sequence[str]]
) -> list[tuple[dict[str, Any], list[tuple[dict[str, Any], pd.DataFrame]]]]:
    """Tasks, each with the folded records of its arms."""

    def place(arm: tuple[Any, ...]) -> tuple[Any, ...]:
        names = [list(order.get(key, ())) for key in ARM]
        return tuple(
            (listed.index(name) if name in listed else len(listed), str(name))
            for listed, name in zip(names, arm, strict=True)
        )

    by_task = []
    for values, rows in fold(records).groupby(list(TASK), observed=True, sort=True):
        task = dict(zip(TASK, values, strict=True))
        arms = dict(iter(rows.groupby(list(ARM), observed=True)))
        ordered = sorted(arms, key=place)
        by_task.append((task, [(dict(zip(ARM, arm, strict=True)), arms[arm]) for arm in ordered]))
    return by_task


def _compare(
    task: Mapping[str, Any],
    first: Mapping[str, Any],
    second: Mapping[str, Any],
    one: pd.DataFrame,
    other: pd.DataFrame,
) -> Comparison:
    pairs = matched(one, other, "no seed has been run in both")
    if pairs.reason:
        nothing = Estimate(NAN, reason=pairs.reason)
        return Comparison(
            task,
            first,
            second,
            pairs.runs,
            nothing,
            nothing,
            NAN,
            NAN,
            nothing,
            reason=pairs.reason,
        )
    return _differences(task, first, second, pairs)


def _differences(
    task: Mapping[str, Any], first: Mapping[str, Any], second: Mapping[str, Any], pairs: Matched
) -> Comparison:
    one, other = pairs.one, pairs.other
    size = intervals.magnitude([*one.train, *other.train, one.test, other.test])
    if pairs.apart:
        test = unpaired_mean(one.test, other.test)
        gap = unpaired_gap(one, other, shares_pool=pairs.shares_pool)
    else:
        test = paired_mean(one.test, other.test)
        train = [a - b for a, b in zip(one.train, other.train, strict=True)]
        shared = pairs.shares_pool
        gap = intervals.gap(train, one.test - other.test, shared_pool=shared, size=size)
    by_level = one.test.mean(axis=0) - other.test.mean(axis=0)
    largest = float(max(np.abs(arm.test).max() for arm in (one, other)))
    tie = TIE * largest
    return Comparison(
        task,
        first,
        second,
        pairs.runs,
        test,
        pairs.apart_in_groups(gap),
        p_value(test),
        NAN,
        improvement(one.test.mean(axis=1), other.test.mean(axis=1)),
        wins=int((by_level > tie).sum()),
        ties=int((np.abs(by_level) <= tie).sum()),
        losses=int((by_level < -tie).sum()),
        apart=pairs.apart,
        others=len(other.train) if pairs.apart else 0,
        left_out=pairs.left_out,
        size=largest,
    )


def p_value(difference: Estimate) -> float:
    """Two-sided p-value of a difference of 0, of the t interval; nan where there is none."""
    if not np.isfinite([difference.variance, difference.df]).all():
        return NAN
    if not difference.variance:
        return 1.0 if not difference.mean else 0.0
    return float(2 * student_t.sf(abs(difference.mean) / difference.variance**0.5, difference.df))
