"""Means and intervals of every cell, condition and quantity, from the record table."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rlgen.analysis.stats import intervals
from rlgen.analysis.stats.intervals import Estimate
from rlgen.analysis.stats.scores import NO_SCALE
from rlgen.analysis.stats.spilling import let_go
from rlgen.analysis.stats.tables import CELL, ENDS, UNKNOWN_LEVEL, fold
from rlgen.util.words import counted

Floats = NDArray[np.float64]

#: The quantities estimated for each pool: column name -> what is averaged.
QUANTITIES = {"return": "ret_mean", "normalised": "normalised", "solved": "p_solved"}
POOLS = ("train", "validation", "test")
#: Reasons why returns are not a full table of runs and levels.
UNKNOWN = "it is not known which levels were played"
SOME = "the runs have some levels in common and not all"
GROUPS = "some of the runs have their training levels in common, and others have other levels"
NOT_SAID = "the environment does not say whether a level is solved"
OWN = "the runs have {pool} levels of their own"
#: Probabilities of solving a level that are nearer than this are equal: it is as good as never.
NEVER = 1e-9
#: Columns of the table of estimates that ``rlgen.load`` returns.
SHOWN = [*CELL, "condition", "quantity", "part", "runs", "levels", "mean", "low", "high"]


def estimates(records: pd.DataFrame) -> pd.DataFrame:
    """Means and intervals in long form.

    Args:
        records: Columns as in ``records.RECORDS``, or folded.

    Returns:
        Columns of ``CELL``; ``condition``; ``quantity`` ("return", "normalised", "solved");
        ``part`` ("train", "validation", "test", "gap", and of each further pool its name and
        ``gap_to(name)``); ``runs``; ``levels`` (mean number a run);
        ``mean``, ``low``, ``high``; ``variance`` of the mean and its degrees of freedom ``df``;
        ``reason`` why the mean or the interval is nan.
    """
    rows: list[dict[str, Any]] = []
    for keys, group in fold(records).groupby([*CELL, "condition"], observed=True, sort=True):
        key = dict(zip([*CELL, "condition"], keys, strict=True))
        pools = {str(pool): runs for pool, runs in group.groupby("split", observed=True)}
        apart = {pool: why_apart(runs, pool) for pool, runs in pools.items()}
        for quantity, column in QUANTITIES.items():
            by_run = {pool: list(runs[column]) for pool, runs in pools.items()}
            not_said = column == "p_solved" and _nothing(by_run)
            for part, pool, estimate in _parts(by_run, pools, apart, column):
                if not_said:
                    estimate = Estimate(np.nan, reason=NOT_SAID)
                elif column == "p_solved" and estimate.variance <= NEVER**2:
                    estimate = Estimate(estimate.mean, reason=intervals.ALIKE)
                elif column == "normalised" and estimate.mean != estimate.mean:
                    own = [pool] if part == pool else ["train", pool]
                    reasons = (why_unscored(pools[name], name) for name in own)
                    reason = next(filter(None, reasons), estimate.reason)
                    estimate = replace(estimate, reason=reason)
                row = _row(part, pool, column, by_run[pool], estimate)
                if apart[pool] == UNKNOWN:
                    row["levels"] = np.nan
                rows.append(key | {"quantity": quantity} | row)
            let_go(values for runs in by_run.values() for values in runs)
    return pd.DataFrame(rows, columns=[*SHOWN, "variance", "df", "reason"])


def _nothing(by_run: Mapping[str, list[Floats]]) -> bool:
    """Whether no level of any run has a number."""
    return all(np.isnan(values).all() for runs in by_run.values() for values in runs)


def by_key(table: pd.DataFrame) -> dict[tuple[Any, ...], Estimate]:
    """The rows of ``estimates`` by the values of ``CELL``, condition, quantity and part."""
    keys = table[[*CELL, "condition", "quantity", "part"]]
    values = table[[field.name for field in fields(Estimate)]]
    rows = (frame.itertuples(index=False, name=None) for frame in (keys, values))
    return {key: Estimate(*row) for key, row in zip(*rows, strict=True)}


def gap_to(pool: str) -> str:
    """The name of the gap between training levels and a pool, as a part."""
    return "gap" if pool == "test" else f"gap_{pool}"


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
        pool: Its name. Training pools that overlap count as each run's own, as pools drawn from a
            small family share some levels by chance; pools that are the same do not.
    """
    ids = list(runs["level_id"])
    # The ids of a run are in ascending order.
    if any(len(levels) and levels[0] == UNKNOWN_LEVEL for levels in ids):
        return UNKNOWN
    if all(levels is ids[0] or np.array_equal(levels, ids[0]) for levels in ids[1:]):
        return ""
    if pool == "train":
        pools = {np.asarray(levels).tobytes() for levels in ids}
        return GROUPS if len(pools) < len(ids) else OWN.format(pool=pool)
    together = np.concatenate(ids)
    return SOME if len(np.unique(together)) < len(together) else OWN.format(pool=pool)


def why_unscored(runs: pd.DataFrame, pool: str) -> str:
    """Why returns of runs have no normalised scores; empty where they have, or are no numbers.

    Args:
        runs: Folded records of one pool and condition.
        pool: Its name.
    """
    lacking = np.isnan(np.concatenate(list(runs["normalised"])))
    if not lacking.any() or np.isnan(np.concatenate(list(runs["ret_mean"]))).any():
        return ""
    has_ends = np.isfinite(runs[list(ENDS)].to_numpy(np.float64)).all()
    if lacking.all() and not has_ends:
        return NO_SCALE
    ids = np.concatenate(list(runs["level_id"]))
    n, levels = len(np.unique(ids[lacking])), len(np.unique(ids))
    words = {"train": "training level", "test": "held-out level"}.get(pool, f"{pool} level")
    why = "random play is optimal" if has_ends else "there is no random or optimal return"
    return f"on {n:,} of {counted(levels, words)} {why}"


def _parts(
    by_run: Mapping[str, list[Floats]],
    pools: Mapping[str, pd.DataFrame],
    apart: Mapping[str, str],
    column: str,
) -> Iterator[tuple[str, str, Estimate]]:
    """Each measured part with the pool that it is of, and the estimate."""
    for pool in POOLS:
        if pool in by_run:
            yield pool, pool, pool_mean(by_run[pool], apart[pool])
    if {"train", "test"} <= by_run.keys():
        yield "gap", "test", _gap(by_run["train"], by_run["test"], apart["train"], apart["test"])
    for pool in by_run:
        if pool in POOLS:
            continue
        yield pool, pool, pool_mean(by_run[pool], apart[pool])
        if "train" in by_run:
            # A pool that came later has not been measured on every run.
            measured = pools["train"]["run_id"].isin(pools[pool]["run_id"])
            train = pools["train"][measured.to_numpy()]
            if len(train) == len(by_run[pool]):
                own = why_apart(train, "train")
                gap = _gap(list(train[column]), by_run[pool], own, apart[pool])
                yield gap_to(pool), pool, gap


def _gap(train: list[Floats], held_out: list[Floats], train_apart: str, apart: str) -> Estimate:
    """Gap of runs between their training levels and a pool; see ``why_apart`` for the reasons."""
    if train_apart == GROUPS or apart == SOME or (train_apart and apart):
        reason = GROUPS if train_apart == GROUPS else apart
        return run_mean(intervals.means(train) - intervals.means(held_out), reason)
    if apart:
        return intervals.gap(train, held_out, shared_pool=True, shared_test=False)
    return intervals.gap(train, np.stack(held_out), shared_pool=not train_apart)


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

    The spread of runs with levels of their own gives an interval. Where runs share some levels, or
    some runs all of them, that interval would be too short, and there is none.

    Args:
        run_means: ``(S,)``.
        apart: See ``why_apart``.
    """
    estimate = intervals.run_mean(run_means)
    return Estimate(estimate.mean, reason=apart) if apart in (SOME, GROUPS) else estimate


def _row(
    part: str, pool: str, column: str, runs: list[Floats], estimate: Estimate
) -> dict[str, Any]:
    low, high = estimate.low, estimate.high
    if column == "p_solved" and part == pool:
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
