"""Estimates over seeds from tables of experiments."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from rlgen.analysis.stats.intervals import NAN, Estimate, run_mean, student

NO_RUNS = "there are no runs yet"


def rows(table: pd.DataFrame, **options: object) -> pd.DataFrame:
    """The rows with these values of options."""
    for option, value in options.items():
        table = table[table[option] == value]
    return table


def mean(values: pd.Series) -> Estimate:
    """Mean over seeds."""
    array = values.to_numpy(float)
    return run_mean(array) if len(array) else Estimate(NAN, reason=NO_RUNS)


def difference(
    table: pd.DataFrame, column: str, one: Mapping[str, Any], other: Mapping[str, Any]
) -> Estimate:
    """Mean of the differences of two cases, seed by seed.

    Args:
        table: Of an experiment; each case has one row a seed.
        column: That differs.
        one: Options of the first case.
        other: Options of the case that is subtracted.
    """
    first, second = (rows(table, **case).set_index("seed")[column] for case in (one, other))
    return mean((first - second).dropna())


def share(shares: pd.Series, trials: int) -> Estimate:
    """Mean over seeds of shares, each of so many trials.

    To the variance between seeds that of the trials is added, of the share that two more successes
    and failures would give (Agresti and Coull 1998), so that shares that are one in every seed have
    an interval.

    Args:
        shares: Of each seed.
        trials: Of each seed.
    """
    array = shares.to_numpy(float)
    if len(array) < 2:
        return mean(shares)
    total = trials * len(array)
    adjusted = (trials * array.sum() + 2) / (total + 4)
    between = float(array.var(ddof=1)) / len(array)
    variance = between + adjusted * (1 - adjusted) / total
    return student(float(np.mean(array)), variance, len(array) - 1.0)
