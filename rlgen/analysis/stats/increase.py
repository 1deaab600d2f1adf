"""Change of a gap from one study to another, over pairs of runs where they can be paired.

Two runs are a pair if they have the same seed, the same training levels (given by the pool seed)
and the same held-out levels: what they share cancels in the difference (method 2.6).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rlgen.analysis.stats import intervals
from rlgen.analysis.stats.estimates import UNKNOWN, why_apart
from rlgen.analysis.stats.intervals import ALIKE, NAN, Estimate, Floats
from rlgen.analysis.stats.paired import sign_flip
from rlgen.analysis.stats.tables import fold
from rlgen.util.words import counted

_Arm = Mapping[str, Mapping[int, tuple[NDArray[np.int64], Floats]]]


@dataclass(frozen=True)
class Increase:
    """The gap now minus the gap before.

    Attributes:
        estimate: With its interval, for new training runs on new levels.
        pairs: Number of pairs of runs; 0 where runs are not paired.
        left_out: Runs of the earlier study that have no partner then.
        p: Two-sided sign-flip p-value of no change; nan where runs are not paired, and for one.
        reason: Why runs are not paired; empty where they are.
    """

    estimate: Estimate
    pairs: int = 0
    left_out: int = 0
    p: float = NAN
    reason: str = ""


def paired(
    now: pd.DataFrame,
    before: pd.DataFrame,
    confidence: float = 0.95,
    rng: np.random.Generator | None = None,
) -> Increase:
    """Change of the gap over pairs of runs.

    All runs of the later study must be paired, so that none of these goes unjudged.

    Args:
        now: Columns as in ``records.RECORDS``, or folded, of one cell under one condition.
        before: The same of the other study.
        confidence: Of the interval.
        rng: Signs are drawn from it where there are too many runs to try all; see ``sign_flip``.

    Returns:
        A nan estimate, with the reason in both, where runs cannot be paired.
    """
    tables = [fold(rows) for rows in (now, before)]
    reason = _no_arm(tables[0]) or _no_arm(tables[1])
    arms = [_arm(rows) for rows in tables] if not reason else []
    reason = reason or _no_pairs(*arms)
    if reason:
        return Increase(Estimate(NAN, reason=reason), reason=reason)
    seeds = sorted(arms[0]["test"].keys() & arms[1]["test"].keys())
    (train, test), (old_train, old_test) = (
        [[arm[pool][seed][1] for seed in seeds] for pool in ("train", "test")] for arm in arms
    )
    changes = [a - b for a, b in zip(train, old_train, strict=True)]
    held_out = np.stack(test) - np.stack(old_test)
    size = intervals.magnitude([*train, *old_train, *test, *old_test])
    pools = [arms[0]["train"][seed][0] for seed in seeds]
    return Increase(
        intervals.gap(
            changes,
            held_out,
            shared_pool=all(np.array_equal(pool, pools[0]) for pool in pools),
            confidence=confidence,
            size=size,
        ),
        len(seeds),
        len(arms[1]["test"]) - len(seeds),
        sign_flip(intervals.means(changes) - held_out.mean(axis=1), rng, size=size).p,
    )


def unpaired(now: Estimate, before: Estimate, reason: str, confidence: float = 0.95) -> Increase:
    """Difference of two gaps, each with an interval of its own (Welch 1938).

    Levels that both studies share make the interval wider than necessary, never shorter.

    Args:
        now: The gap, with its variance and degrees of freedom.
        before: The other gap.
        reason: Why runs are not paired.
        confidence: Of the interval.
    """
    change = intervals.difference(now, before, confidence)
    if change.variance != change.variance and not now.reason == before.reason == ALIKE:
        change = replace(change, reason=f"one of the two gaps has no interval: {change.reason}")
    return Increase(change, reason=reason)


def _no_arm(rows: pd.DataFrame) -> str:
    """Why the runs of one side cannot be paired with any."""
    for pool in ("train", "test"):
        mine = rows[rows["split"] == pool]
        if mine.empty:
            return f"there are no {pool} levels"
        if (mine["seed"] < 0).any():
            return "the runs' seeds are not known"
        if mine["seed"].duplicated().any():
            return "several runs have the same seed"
        reason = why_apart(mine, pool.replace("test", "held-out"))
        # Each run may have training levels of its own, if only they are known.
        if reason == UNKNOWN or (reason and pool == "test"):
            return reason
    return ""


def _arm(rows: pd.DataFrame) -> _Arm:
    """By pool and seed the ids of the levels and the returns on them."""
    arm: dict[str, dict[int, Any]] = {}
    columns = (rows[name] for name in ("split", "seed", "level_id", "ret_mean"))
    for pool, seed, levels, returns in zip(*columns, strict=True):
        arm.setdefault(str(pool), {})[int(seed)] = (levels, returns)
    return arm


def _no_pairs(now: _Arm, before: _Arm) -> str:
    """Why the runs of the two sides are no pairs; empty where they are."""
    seeds = now["test"].keys() & before["test"].keys()
    if len(seeds) < (n := len(now["test"])):
        common = "a seed in common with a run of the baseline"
        return f"{len(seeds)} of {counted(n, 'run')} {'has' if n == 1 else 'have'} {common}"
    for pool, words in (("train", "training"), ("test", "held-out")):
        for seed in seeds:
            if seed not in now[pool] or seed not in before[pool]:
                return f"a run has no {words} levels"
            if not np.array_equal(now[pool][seed][0], before[pool][seed][0]):
                return f"the {words} levels are not those of the baseline"
    return ""
