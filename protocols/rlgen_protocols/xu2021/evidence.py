"""Numbers over seeds from the experiments' tables."""

import numpy as np
import pandas as pd

from rlgen.analysis.stats.intervals import NAN, Estimate, run_mean

#: Errors below this many percent count as this many: of none there is no ratio.
LEAST = 1e-3


def rows(table: pd.DataFrame, **options: object) -> pd.DataFrame:
    """The rows with these values of options."""
    for option, value in options.items():
        table = table[table[option] == value]
    return table


def by_seed(table: pd.DataFrame, column: str) -> pd.Series:
    """A column's mean over the cells of each seed."""
    return table[column].astype(float).groupby(table["seed"]).mean()


def mean(values: pd.Series) -> Estimate:
    """Mean over seeds, with its interval.

    Args:
        values: One a seed.
    """
    array = values.to_numpy(float)
    return run_mean(array) if len(array) else Estimate(NAN, reason="there are no runs yet")


def times(one: pd.DataFrame, other: pd.DataFrame, column: str) -> Estimate:
    """Logarithm to base 10 of how many times as large a column is, seed by seed.

    Args:
        one: Rows of one case.
        other: Rows of the case that it is compared with.
        column: Of errors in percent.
    """
    first, second = (np.log10(by_seed(t, column).clip(lower=LEAST)) for t in (one, other))
    return mean((first - second).dropna())


def shares(table: pd.DataFrame, size: int) -> pd.DataFrame:
    """By seed the share of cells with exact distances, of minima and of the best of the others.

    Minima of linear messages are read with three times the rounds of training, which are more than
    the largest distance; of the others each seed's best counts, over aggregations, messages and
    rounds.

    Args:
        table: Of maze distances.
        size: Of the mazes.

    Returns:
        Columns ``min`` and ``others`` by seed.
    """
    own = rows(table, aggregate="min", message="linear")
    others = table[table["aggregate"] != "min"]
    both = others[[f"exact_{size}_x1", f"exact_{size}_x3"]].astype(float).max(axis=1)
    return pd.DataFrame(
        {
            "min": own.groupby("seed")[f"exact_{size}_x3"].max().astype(float),
            "others": both.groupby(others["seed"]).max(),
        }
    ).dropna()
