"""Estimates over seeds from the table of the experiment ``learning``."""

from typing import cast

import numpy as np
import pandas as pd

from rlgen.analysis.results import Results
from rlgen.analysis.stats.intervals import NAN, Estimate
from rlgen_protocols.graphs.estimates import NO_RUNS, mean


def curves(results: Results, *, permuted: bool = False) -> pd.DataFrame:
    """Cells of the experiment, those of controls or the others."""
    rows = results.measured("learning")
    return rows[rows["permuted"].astype(bool) == permuted]


def errors(rows: pd.DataFrame, task: str, method: str) -> pd.DataFrame:
    """Errors of a method on a task: a row for each seed, a column for each number of graphs."""
    own = rows[(rows["task"] == task) & (rows["method"] == method)]
    table = {
        seed: dict(zip(sizes, nmse, strict=True))
        for seed, sizes, nmse in zip(own["seed"], own["sizes"], own["nmse"], strict=True)
    }
    return pd.DataFrame.from_dict(table, orient="index").sort_index()


def slope(table: pd.DataFrame) -> Estimate:
    """Slope of the log of the error in the log of the number of graphs, within each seed."""
    if table.shape[1] < 2:
        return Estimate(NAN, reason=NO_RUNS)
    sizes = np.log(table.columns.to_numpy(float))
    sizes -= sizes.mean()
    logs = np.log(table.to_numpy(float))
    return mean(pd.Series(logs @ sizes / (sizes @ sizes)))


def paired(one: pd.DataFrame, other: pd.DataFrame, size: int) -> Estimate:
    """The first method's error less the other's with so many graphs, seed by seed."""
    if size not in one or size not in other:
        return Estimate(NAN, reason=NO_RUNS)
    return mean((one[size] - other[size]).dropna())


def shared(one: pd.DataFrame, other: pd.DataFrame) -> list[int]:
    """Numbers of graphs that both methods were trained on."""
    return [cast(int, size) for size in one.columns if size in other]
