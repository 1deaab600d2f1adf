"""The study as claims, controls and figures read it."""

from collections.abc import Callable, Iterator
from typing import cast

import numpy as np
import pandas as pd

from rlgen.analysis.results import Results
from rlgen.analysis.stats.intervals import NAN, Estimate, run_mean
from rlgen.util.words import counted

#: Networks whose rotation is known: controls, and no evidence.
LINEAR, WIDE = "linear", "ntk-mlp"
#: What a setting of the cloning grid is.
SETTING = ["network", "n_train_levels", "flip_p"]


def cloned(results: Results) -> pd.DataFrame:
    """Cloned networks but the controls, with their gap and the rotation of their kernel."""
    rows = results.measured("cloning")
    names = rows["network"].astype(str)
    rows = rows[~(names.str.startswith(WIDE) | (names == LINEAR))]
    return rows.assign(
        gap=rows["net_train"] - rows["net_test"],
        rotation=rows["turned_train"] - rows["turned_test"],
        raw_rotation=rows["turned_raw_train"] - rows["turned_raw_test"],
        linear_gap=rows["linear_train"] - rows["linear_test"],
    )


def controls(results: Results, network: str) -> pd.DataFrame:
    """Cells of one of the controls."""
    rows = results.measured("cloning")
    return rows[rows["network"].astype(str).str.partition("[")[0] == network]


def settings(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """The settings of some rows, in words, each with its rows."""
    for (network, n, p), own in rows.groupby(SETTING, sort=True):
        yield f"{network}, {counted(cast(int, n), 'level')}, p = {p:g}", own


def over_seeds(
    rows: pd.DataFrame, value: Callable[[pd.DataFrame], float | np.floating]
) -> Estimate:
    """The mean over seeds of a number of each seed's rows, with its interval."""
    values = [float(value(own)) for _, own in rows.groupby("seed", sort=True)]
    if not values:
        return Estimate(NAN, reason="there are no runs yet")
    return run_mean(np.array(values))
