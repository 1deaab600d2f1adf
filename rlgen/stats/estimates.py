"""From the record table to one row for each cell and condition, runs summarised."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rlgen.stats import intervals
from rlgen.stats.gaps import normalised_score
from rlgen.stats.intervals import Estimate

Floats = NDArray[np.float64]

#: What a cell of the grid is, runs apart.
CELL = ["family", "agent", "network", "n_train_levels", "flip_p", "regulariser"]
#: The quantities estimated for each pool: column name -> what is averaged.
QUANTITIES = {"return": "ret_mean", "normalised": "normalised", "solved": "p_solved"}
POOLS = ("train", "validation", "test")
#: The columns of the table of estimates that readers are shown.
SHOWN = [*CELL, "condition", "quantity", "part", "runs", "levels", "mean", "low", "high"]


def normalised(records: pd.DataFrame) -> pd.Series:
    """Each record's score, 0 for the random agent and 1 for the planner (method 2.1).

    nan where the two are not known or not apart.
    """
    columns = (records[name] for name in ("ret_mean", "oracle_ret", "random_ret"))
    return pd.Series(normalised_score(*columns), records.index)


def estimates(records: pd.DataFrame) -> pd.DataFrame:
    """Means and intervals, in long form.

    Args:
        records: Columns as in ``records.RECORDS``.

    Returns:
        Columns of ``CELL``; ``condition``; ``quantity`` ("return", "normalised", "solved");
        ``part`` ("train", "validation", "test", "gap"); ``runs``; ``levels`` (mean number a run);
        ``mean``, ``low``, ``high``; ``variance`` of the mean and its degrees of freedom ``df``;
        ``reason`` why the mean or the interval is nan.
    """
    rows: list[dict[str, Any]] = []
    scored = records.assign(normalised=normalised(records))
    for keys, group in scored.groupby([*CELL, "condition"], observed=True, sort=True):
        key = dict(zip([*CELL, "condition"], keys, strict=True))
        for quantity, column in QUANTITIES.items():
            rows += [key | {"quantity": quantity} | row for row in _parts(group, column)]
    return pd.DataFrame(rows, columns=[*SHOWN, "variance", "df", "reason"])


def matrix(records: pd.DataFrame, pool: str) -> tuple[Floats, str]:
    """Returns of some runs on one pool under one condition.

    Args:
        records: Columns as in ``records.RECORDS``, of one condition.
        pool: "train", "validation" or "test".

    Returns:
        ``(S, L)``, runs and levels in ascending order of their ids, and an empty string; or an
        empty table and why there is none.
    """
    rows = records[records["split"] == pool]
    if rows.empty:
        return np.empty((0, 0)), f"there are no {pool} levels"
    if not _crossed(rows, pool):
        return np.empty((0, 0)), f"the runs have {pool} levels of their own"
    runs = rows.assign(run_id=rows["run_id"].astype(str)).sort_values(["run_id", "level_id"])
    return runs["ret_mean"].to_numpy(np.float64).reshape(runs["run_id"].nunique(), -1), ""


def _parts(group: pd.DataFrame, column: str) -> Iterator[dict[str, Any]]:
    by_run = {
        pool: [part[column].to_numpy() for _, part in rows.groupby("run_id", observed=True)]
        for pool, rows in group.sort_values("level_id").groupby("split", observed=True)
    }
    for pool in POOLS:
        if pool in by_run:
            told = pool_mean(by_run[pool], crossed=_crossed(group, pool))
            yield _row(pool, column, by_run[pool], told)
    if {"train", "test"} <= by_run.keys() and _crossed(group, "test"):
        shared = _crossed(group, "train")
        test = np.stack(by_run["test"])
        told = intervals.gap(by_run["train"], test, shared_pool=shared)
        yield _row("gap", column, by_run["test"], told)


def pool_mean(runs: list[Floats], *, crossed: bool) -> Estimate:
    """The mean over one pool.

    Args:
        runs: For each run its values on its levels.
        crossed: Whether these are the same levels for every run.
    """
    if crossed:
        return intervals.crossed_mean(np.stack(runs))
    return intervals.run_mean(np.array([values.mean() for values in runs]))


def _crossed(group: pd.DataFrame, pool: str) -> bool:
    """Whether all runs were evaluated on the same levels of the pool."""
    levels = group[group["split"] == pool].groupby("run_id", observed=True)["level_id"]
    return len({tuple(sorted(ids)) for _, ids in levels}) == 1


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
