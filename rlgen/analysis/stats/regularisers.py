"""The effect of a regulariser over matched runs with and without it (method 3.6)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rlgen.analysis.stats import intervals
from rlgen.analysis.stats.intervals import NAN, Estimate
from rlgen.analysis.stats.matched import matched
from rlgen.analysis.stats.paired import paired_mean, sign_flip
from rlgen.analysis.stats.tables import CELL, fold

NONE = "none"
#: Normalised held-out score from which overfitting counts as prevented.
PREVENTED = 0.9
#: A regulariser that leaves a larger normalised gap does not prevent overfitting.
REMAINING = 0.25


@dataclass(frozen=True)
class Effect:
    """One regulariser against none, with everything else, seeds and levels included, the same.

    Attributes:
        keys: Values of ``CELL``.
        runs: Matched pairs of runs.
        left_out: Runs with it or without that are in no pair.
        train: Change of the training return; of the memorisation excess too, since the ceiling
            does not depend on the regulariser.
        test: Change of the held-out return.
        gap: Change of the generalization gap.
        score: Normalised held-out score with it.
        remaining: Normalised gap with it.
        p: Two-sided sign-flip p-value of the change of the held-out return over runs.
        verdict: See ``judge``.
        reason: Why there is no comparison.
    """

    keys: Mapping[str, Any]
    runs: int
    train: Estimate
    test: Estimate
    gap: Estimate
    score: Estimate
    remaining: Estimate
    p: float
    verdict: str
    reason: str = ""
    left_out: int = 0


def effects(records: pd.DataFrame) -> list[Effect]:
    """The effect of each regulariser in each cell that has one.

    Args:
        records: Columns as in ``records.RECORDS``, or folded, of one condition.
    """
    others = [key for key in CELL if key != "regulariser"]
    results = []
    for keys, cell in fold(records).groupby(others, observed=True, sort=True):
        named = dict(zip(others, keys, strict=True))
        plain = cell[cell["regulariser"] == NONE]
        for name in sorted(set(cell["regulariser"].astype(str)) - {NONE}):
            mine = cell[cell["regulariser"] == name]
            results.append(_effect(named | {"regulariser": name}, mine, plain))
    return results


def _effect(keys: Mapping[str, Any], mine: pd.DataFrame, plain: pd.DataFrame) -> Effect:
    pairs = matched(mine, plain, "no run without a regulariser has the same seed")
    reason = pairs.apart or pairs.reason
    if reason:
        nothing = Estimate(NAN, reason=reason)
        return Effect(
            keys,
            0 if pairs.apart else pairs.runs,
            train=nothing,
            test=nothing,
            gap=nothing,
            score=nothing,
            remaining=nothing,
            p=NAN,
            verdict="not comparable",
            reason=reason,
        )
    one, other = pairs.one, pairs.other
    train = [a - b for a, b in zip(one.train, other.train, strict=True)]
    test = paired_mean(one.test, other.test)
    score = intervals.crossed_mean(one.test_score)
    shared = pairs.shares_pool
    size = intervals.magnitude([*one.train, *other.train, one.test, other.test])
    remaining = pairs.apart_in_groups(
        intervals.gap(one.train_score, one.test_score, shared_pool=shared)
    )
    return Effect(
        keys,
        pairs.runs,
        pairs.apart_in_groups(
            intervals.crossed_mean(np.stack(train), size=size)
            if shared
            else intervals.run_mean(np.array([d.mean() for d in train]))
        ),
        test,
        pairs.apart_in_groups(
            intervals.gap(train, one.test - other.test, shared_pool=shared, size=size)
        ),
        score,
        remaining,
        sign_flip((one.test - other.test).mean(axis=1), size=size).p,
        judge(test, score, remaining),
        left_out=pairs.left_out,
    )


def judge(test: Estimate, score: Estimate, remaining: Estimate) -> str:
    """Verdict on a regulariser.

    Args:
        test: Change of the held-out return.
        score: Held-out score with it.
        remaining: Normalised gap with it.

    Returns:
        "prevents" if the whole interval of the held-out score reaches ``PREVENTED``; else "helps"
        if that of the change lies above 0, "harms" if below, or "no effect shown"; with ", does
        not prevent" if the whole interval of the remaining gap lies above ``REMAINING``. nan
        intervals show nothing.
    """
    if score.low >= PREVENTED:
        return "prevents"
    word = "helps" if test.low > 0 else "harms" if test.high < 0 else "no effect shown"
    return word + (", does not prevent" if remaining.low > REMAINING else "")
