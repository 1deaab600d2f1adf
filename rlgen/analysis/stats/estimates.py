"""Means and intervals of every cell, condition and quantity, from the record table."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rlgen.analysis.stats import intervals
from rlgen.analysis.stats.intervals import Estimate
from rlgen.analysis.stats.tables import CELL, UNKNOWN_LEVEL, fold

Floats = NDArray[np.float64]

#: The quantities estimated for each pool: column name -> what is averaged.
QUANTITIES = {"return": "ret_mean", "normalised": "normalised", "solved": "p_solved"}
POOLS = ("train", "validation", "test")
#: Reasons why returns are not a full table of runs and levels.
UNKNOWN = "it is not known which levels were played"
SOME = "the runs have some levels in common and not all"
OWN = "the runs have {pool} levels of their own"
#: Columns of the table of estimates that ``rlgen.load`` returns.
SHOWN = [*CELL, "condition", "quantity", "part", "runs", "levels", "mean", "low", "high"]


def estimates(records: pd.DataFrame) -> pd.DataFrame:
    """Means and intervals in long form.

    Args:
        records: Columns as in ``records.RECORDS``, or folded.

    Returns:
        Columns of ``CELL``; ``condition``; ``quantity`` ("return", "normalised", "solved");
        ``part`` ("train", "validation", "test", "gap"); ``runs``; ``levels`` (mean number a run);
        ``mean``, ``low``, ``high``; ``variance`` of the mean and its degrees of freedom ``df``;
        ``reason`` why the mean or the interval is nan.
    """
    rows: list[dict[str, Any]] = []
    for keys, group in fold(records).groupby([*CELL, "condition"], observed=True, sort=True):
        key = dict(zip([*CELL, "condition"], keys, strict=True))
        pools = {str(pool): runs for pool, runs in group.groupby("split", observed=True)}
        apart = {pool: why_apart(runs, pool) for pool, runs in pools.items()}
        for quantity, column in QUANTITIES.items():
            parts = _parts({pool: list(runs[column]) for pool, runs in pools.items()}, apart)
            for part, runs, estimate in parts:
                row = _row(part, column, runs, estimate)
                if apart["test" if part == "gap" else part] == UNKNOWN:
                    row["levels"] = np.nan
                rows.append(key | {"quantity": quantity} | row)
    return pd.DataFrame(rows, columns=[*SHOWN, "variance", "df", "reason"])


def matrix(records: pd.DataFrame, pool: str) -> tuple[Floats, str]:
    """Returns of runs on one pool as a table of runs and levels.

    Args:
        records: Columns as in ``records.RECORDS``, or folded, of one condition.
        pool: "train", "validation" or "test".

    Returns:
        ``(S, L)``, runs and levels in ascending order of their ids, and an empty string; or an
        empty table and why there is none.
    """
    folded = fold(records)
    rows = folded[folded["split"] == pool]
    if rows.empty:
        return np.empty((0, 0)), f"there are no {pool} levels"
    if reason := why_apart(rows, pool):
        return np.empty((0, 0)), reason
    runs = rows.assign(run_id=rows["run_id"].astype(str)).sort_values("run_id")
    return np.stack(list(runs["ret_mean"])), ""


def why_apart(runs: pd.DataFrame, pool: str) -> str:
    """Why the returns of runs are not a full table of runs and levels; empty where they are.

    Args:
        runs: Folded records of one pool and condition.
        pool: Its name. Training levels that some runs share count as each run's own, as pools
            drawn from a small family share some by chance.
    """
    ids = list(runs["level_id"])
    # The ids of a run are in ascending order.
    if any(len(levels) and levels[0] == UNKNOWN_LEVEL for levels in ids):
        return UNKNOWN
    if all(levels is ids[0] or np.array_equal(levels, ids[0]) for levels in ids[1:]):
        return ""
    together = np.concatenate(ids)
    shared = pool != "train" and len(np.unique(together)) < len(together)
    return SOME if shared else OWN.format(pool=pool)


def _parts(
    by_run: dict[str, list[Floats]], apart: dict[str, str]
) -> Iterator[tuple[str, list[Floats], Estimate]]:
    """Each measured part with the values that it is estimated from, and the estimate."""
    for pool in POOLS:
        if pool in by_run:
            yield pool, by_run[pool], pool_mean(by_run[pool], apart[pool])
    if {"train", "test"} <= by_run.keys():
        if apart["test"]:
            train, test = (intervals.means(by_run[pool]) for pool in ("train", "test"))
            estimate = run_mean(train - test, apart["test"])
        else:
            test = np.stack(by_run["test"])
            estimate = intervals.gap(by_run["train"], test, shared_pool=not apart["train"])
        yield "gap", by_run["test"], estimate


def pool_mean(runs: list[Floats], apart: str) -> Estimate:
    """Mean over one pool.

    Args:
        runs: For each run its values on its levels, ``(L,)``.
        apart: See ``why_apart``.
    """
    if not apart:
        return intervals.crossed_mean(np.stack(runs))
    return run_mean(intervals.means(runs), apart)


def run_mean(run_means: Floats, apart: str) -> Estimate:
    """Mean over runs that do not share all levels.

    The spread of runs with levels of their own gives an interval. Where runs share some levels that
    interval would be too short, and there is none.

    Args:
        run_means: ``(S,)``.
        apart: See ``why_apart``.
    """
    estimate = intervals.run_mean(run_means)
    return Estimate(estimate.mean, reason=apart) if apart == SOME else estimate


def _row(part: str, column: str, runs: list[Floats], estimate: Estimate) -> dict[str, Any]:
    low, high = estimate.low, estimate.high
    if column == "p_solved" and part != "gap":
        # A t interval does not know that a probability cannot leave [0, 1].
        low, high = max(low, 0.0), min(high, 1.0)
    return {
        "part": part,
        "runs": len(runs),
        "levels": float(np.mean([len(values) for values in runs])),
        "mean": estimate.mean,
        "low": low,
        "high": high,
        "variance": estimate.variance,
        "df": estimate.df,
        "reason": estimate.reason,
    }
