"""The effect of a regulariser over matched runs with and without it (method 3.6)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rlgen.analysis.stats import intervals
from rlgen.analysis.stats.estimates import why_apart
from rlgen.analysis.stats.intervals import NAN, Estimate, Floats
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
    seeds = sorted(seed for seed in set(mine["seed"]) & set(plain["seed"]) if seed >= 0)
    arms = [_tables(arm[arm["seed"].isin(seeds)]) for arm in (mine, plain)]
    reason = "" if seeds else "no run without a regulariser has the same seed"
    if any(arm.duplicated(["split", "seed"]).any() for arm in (mine, plain)) and seeds:
        reason = "several runs have the same seed"
    reason = reason or arms[0].reason or arms[1].reason
    if not reason and arms[0].levels != arms[1].levels:
        reason = "the runs with and without it have other levels"
    if reason:
        nothing = Estimate(NAN, reason=reason)
        return Effect(
            keys,
            len(seeds),
            train=nothing,
            test=nothing,
            gap=nothing,
            score=nothing,
            remaining=nothing,
            p=NAN,
            verdict="not comparable",
            reason=reason,
        )
    one, other = arms
    train = [a - b for a, b in zip(one.train, other.train, strict=True)]
    test = paired_mean(one.test, other.test)
    score = intervals.crossed_mean(one.test_score)
    remaining = intervals.gap(one.train_score, one.test_score)
    return Effect(
        keys,
        len(seeds),
        intervals.run_mean(np.array([d.mean() for d in train])),
        test,
        intervals.gap(train, one.test - other.test),
        score,
        remaining,
        sign_flip((one.test - other.test).mean(axis=1)).p,
        judge(test, score, remaining),
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


@dataclass(frozen=True)
class _Tables:
    train: list[Floats]
    train_score: list[Floats]
    test: Floats
    test_score: Floats
    levels: tuple[Any, ...]
    reason: str = ""


def _tables(rows: pd.DataFrame) -> _Tables:
    """Returns by run, in the order of seeds and level ids."""
    pools = dict(iter(rows.sort_values("seed").groupby("split", observed=True)))
    empty = np.empty((0, 0))
    if not {"train", "test"} <= pools.keys():
        return _Tables([], [], empty, empty, (), "there are no training or no held-out levels")
    train, test = pools["train"], pools["test"]
    if reason := why_apart(test, "held-out"):
        return _Tables([], [], empty, empty, (), reason)
    return _Tables(
        list(train["ret_mean"]),
        list(train["normalised"]),
        np.stack(list(test["ret_mean"])),
        np.stack(list(test["normalised"])),
        tuple(tuple(levels.tolist()) for part in (train, test) for levels in part["level_id"]),
    )
