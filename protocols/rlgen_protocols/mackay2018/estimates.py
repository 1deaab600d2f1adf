"""Estimates over seeds from the experiments' tables."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rlgen.analysis.stats.intervals import NAN, Estimate, run_mean, student

Floats = NDArray[np.float64]
NO_RUNS = "there are no runs yet"
#: Of a gate without a limit, whose least value is 1 / 1,024.
MOST_BITS = 10.0


def rows(table: pd.DataFrame, **options: object) -> pd.DataFrame:
    """The rows with these values of options."""
    for option, value in options.items():
        table = table[table[option] == value]
    return table


def by(table: pd.DataFrame, option: str) -> Iterator[tuple[int, pd.DataFrame]]:
    """The rows of each value of an option that is a whole number, in ascending order."""
    for value in sorted(set(table[option])):
        yield int(value), rows(table, **{option: value})


def mean(values: pd.Series) -> Estimate:
    """Mean over seeds."""
    array = values.to_numpy(float)
    return run_mean(array) if len(array) else Estimate(NAN, reason=NO_RUNS)


def share(shares: pd.Series, numbers: pd.Series) -> Estimate:
    """Mean over seeds of shares, each of so many trials.

    To the variance between seeds that of the trials is added, of the share that two more successes
    and failures would give (Agresti and Coull 1998), so that shares that are one in every seed have
    an interval.

    Args:
        shares: Of each seed.
        numbers: Trials of each seed.
    """
    array, trials = shares.to_numpy(float), float(numbers.sum())
    if len(array) < 2:
        return mean(shares)
    successes = float((shares * numbers).sum())
    adjusted = (successes + 2) / (trials + 4)
    between = float(array.var(ddof=1)) / len(array)
    variance = between + adjusted * (1 - adjusted) / trials
    return student(float(array.mean()), variance, len(array) - 1.0)


def paired(table: pd.DataFrame, column: str, one: str, other: str) -> Estimate:
    """Difference of two models in a column, seed by seed.

    Args:
        table: Rows that differ in seed and model alone.
        column: What differs.
        one: The first model.
        other: The model that is subtracted.
    """
    first, second = (rows(table, model=m).set_index("seed")[column] for m in (one, other))
    return mean((first - second).dropna())


def allowed_bits(model: str) -> float:
    """Most bits that a unit of a reversible model may forget in a step; nan of other models."""
    kind, _, bits = model.partition(":")
    if kind == "no-forget":
        return 0.0
    if not kind.startswith("rev"):
        return NAN
    return float(bits) if bits else MOST_BITS


def slope(table: pd.DataFrame, column: str) -> Estimate:
    """Slope of a column in the allowed bits, by least squares within each seed.

    Only seeds count that have all models of the table.

    Args:
        table: Rows of one experiment that differ in seed and model alone.
        column: Regressed on allowed bits.
    """
    own = table.assign(allowed=table["model"].map(allowed_bits)).dropna(subset=["allowed"])
    wide = own.pivot_table(index="seed", columns="allowed", values=column).dropna()
    if wide.shape[1] < 2:
        return Estimate(NAN, reason=NO_RUNS)
    bits = wide.columns.to_numpy(float) - wide.columns.to_numpy(float).mean()
    return mean(pd.Series(wide.to_numpy(float) @ bits / (bits @ bits)))
