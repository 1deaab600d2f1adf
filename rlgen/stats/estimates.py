"""From the record table to one row for each cell and condition, runs summarised."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rlgen.stats import intervals
from rlgen.stats.folded import CELL, fold
from rlgen.stats.intervals import Estimate

Floats = NDArray[np.float64]

#: The quantities estimated for each pool: column name -> what is averaged.
QUANTITIES = {"return": "ret_mean", "normalised": "normalised", "solved": "p_solved"}
POOLS = ("train", "validation", "test")
#: The columns of the table of estimates that readers are shown.
SHOWN = [*CELL, "condition", "quantity", "part", "runs", "levels", "mean", "low", "high"]


def estimates(records: pd.DataFrame) -> pd.DataFrame:
    """Means and intervals, in long form.

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
        crossed = {pool: same_levels(runs) for pool, runs in pools.items()}
        for quantity, column in QUANTITIES.items():
            told = _parts({pool: list(runs[column]) for pool, runs in pools.items()}, crossed)
            for part, runs, estimate in told:
                rows.append(key | {"quantity": quantity} | _row(part, column, runs, estimate))
    return pd.DataFrame(rows, columns=[*SHOWN, "variance", "df", "reason"])


def matrix(records: pd.DataFrame, pool: str) -> tuple[Floats, str]:
    """Returns of some runs on one pool under one condition.

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
    if not same_levels(rows):
        return np.empty((0, 0)), f"the runs have {pool} levels of their own"
    runs = rows.assign(run_id=rows["run_id"].astype(str)).sort_values("run_id")
    return np.stack(list(runs["ret_mean"])), ""


def same_levels(runs: pd.DataFrame) -> bool:
    """Whether all runs were evaluated on the same levels.

    Args:
        runs: Folded records of one pool and condition.
    """
    first, *others = runs["level_id"]
    return all(levels is first or np.array_equal(levels, first) for levels in others)


def _parts(
    by_run: dict[str, list[Floats]], crossed: dict[str, bool]
) -> Iterator[tuple[str, list[Floats], Estimate]]:
    """The parts that there are, with the values that they are estimated from."""
    for pool in POOLS:
        if pool in by_run:
            yield pool, by_run[pool], pool_mean(by_run[pool], crossed=crossed[pool])
    if {"train", "test"} <= by_run.keys() and crossed["test"]:
        test = np.stack(by_run["test"])
        told = intervals.gap(by_run["train"], test, shared_pool=crossed["train"])
        yield "gap", by_run["test"], told


def pool_mean(runs: list[Floats], *, crossed: bool) -> Estimate:
    """The mean over one pool.

    Args:
        runs: For each run its values on its levels.
        crossed: Whether these are the same levels for every run.
    """
    if crossed:
        return intervals.crossed_mean(np.stack(runs))
    return intervals.run_mean(intervals.means(runs))


def _row(part: str, column: str, runs: list[Floats], told: Estimate) -> dict[str, Any]:
    low, high = told.low, told.high
    if column == "p_solved" and part != "gap":
        # A t interval does not know that a probability cannot leave [0, 1].
        low, high = max(low, 0.0), min(high, 1.0)
    return {
        "part": part,
        "runs": len(runs),
        "levels": float(np.mean([len(values) for values in runs])),
        "mean": told.mean,
        "low": low,
        "high": high,
        "variance": told.variance,
        "df": told.df,
        "reason": told.reason,
    }
