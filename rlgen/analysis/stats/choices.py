"""Groups of runs with the same task, and the effect of choosing among them (method 2.7).

A job is one training run of any agent and network: tuning chooses among jobs.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rlgen.analysis.stats import selection
from rlgen.analysis.stats.estimates import POOLS, matrix, run_mean
from rlgen.analysis.stats.intervals import NAN, Estimate, Floats, crossed_mean
from rlgen.analysis.stats.tables import fold
from rlgen.errors import RlgenError

#: Jobs that agree in these columns had the same task and are compared.
GROUP = ["family", "n_train_levels", "flip_p", "regulariser"]
#: As many as Zhang et al. (2018) keep of twenty.
TOP = 3


@dataclass(frozen=True)
class Group:
    """Jobs with the same task, and four summaries of them.

    Attributes:
        keys: The values of ``GROUP``.
        jobs: One row a job: ``run_id``, ``agent``, ``network``, ``seed``, and the mean return on
            each pool, nan where there is none: ``train``, ``validation``, ``test``.
        mean: Held-out return of all jobs.
        top_train: Training return of the ``TOP`` with the best training return.
        top_test: Held-out return of the same; ties are averaged.
        curve: One row for each k: ``k``, and the expected ``train`` and ``test`` return of the
            best of k jobs by training return.
        validated: The choice on validation levels, reported on test levels.
        luck: By how much ``top_train`` would be too high if all jobs were equally good.
    """

    keys: dict[str, Any]
    jobs: pd.DataFrame
    mean: Estimate
    top_train: Estimate
    top_test: Estimate
    curve: pd.DataFrame
    validated: selection.Selected
    luck: float

    @property
    def chosen(self) -> list[str]:
        """Ids of the jobs with the best validation return."""
        return [str(self.jobs["run_id"].iloc[row]) for row in self.validated.runs]


def groups(records: pd.DataFrame) -> list[Group]:
    """Group records by task.

    Args:
        records: Columns as in ``records.RECORDS``, or folded, of one condition.
    """
    parts = fold(records).groupby(GROUP, observed=True, sort=True)
    return [_group(dict(zip(GROUP, keys, strict=True)), part) for keys, part in parts]


def _group(keys: dict[str, Any], rows: pd.DataFrame) -> Group:
    jobs = job_means(rows)
    train, test = jobs["train"].to_numpy(), jobs["test"].to_numpy()
    held_out, ragged = matrix(rows, "test")
    validation, reason = matrix(rows, "validation")
    if not (reason or ragged):
        validated = selection.select(validation, held_out)
    else:
        none = np.empty(0, np.intp)
        validated = selection.Selected(none, NAN, Estimate(NAN, reason=reason or ragged))
    if len(jobs) < TOP:
        few = Estimate(NAN, reason=f"fewer than {TOP} runs")
        top_train, top_test, luck = few, few, NAN
    else:
        top_train, top_test = (selection.top_k(train, of, TOP) for of in (train, test))
        luck = _luck(train)
    return Group(
        keys,
        jobs,
        run_mean(test, ragged) if ragged else crossed_mean(held_out),
        top_train,
        top_test,
        pd.DataFrame(
            {
                "k": np.arange(1, len(jobs) + 1),
                "train": selection.best_of_k_curve(train, train),
                "test": selection.best_of_k_curve(train, test),
            }
        ),
        validated,
        luck,
    )


def _luck(train: Floats) -> float:
    if len(train) == TOP:
        return 0.0  # nothing is left out
    return selection.winners_curse(len(train), TOP) * float(train.std(ddof=1))


def job_means(records: pd.DataFrame) -> pd.DataFrame:
    """Mean return of each job on each pool; nan where any of its returns is nan.

    Args:
        records: Columns as in ``records.RECORDS``, or folded, of one condition.

    Returns:
        One row a job in the order of their ids; columns as in ``Group.jobs``.
    """
    folded = fold(records)
    named = folded.assign(run_id=folded["run_id"].astype(str))
    columns = ["run_id", "agent", "network", "seed"]
    jobs = named[columns].drop_duplicates("run_id").sort_values("run_id")
    for pool in POOLS:
        rows = named[named["split"] == pool]
        means = {
            run: values.mean() for run, values in zip(rows["run_id"], rows["ret_mean"], strict=True)
        }
        jobs[pool] = [means.get(run, NAN) for run in jobs["run_id"]]
    return jobs.reset_index(drop=True)


def best(records: pd.DataFrame, pool: str, k: int) -> list[str]:
    """Ids of the k runs with the best mean return on a pool; ties are broken by id.

    Args:
        records: Columns as in ``records.RECORDS``, or folded, of one condition.
        pool: "train", "validation" or "test".
        k: Number of runs to choose.

    Raises:
        RlgenError: If fewer runs than ``k`` have a mean return on the pool.
    """
    jobs = job_means(records).dropna(subset=pool)
    if jobs.empty:
        raise RlgenError(f"no run has {pool} returns, by which to choose")
    if not 1 <= k <= len(jobs):
        raise RlgenError(f"k = {k}: must be from 1 to {len(jobs)}, the runs with {pool} returns")
    order = jobs.sort_values(pool, ascending=False, kind="stable")
    return [str(run) for run in order["run_id"].head(k)]
