"""The cells of a study by what they are for, and paired differences over data sets."""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from rlgen.analysis.results import Results
from rlgen.analysis.stats.intervals import NAN, Estimate, run_mean
from rlgen_protocols.izmailov2021 import measuring, methods
from rlgen_protocols.izmailov2021.data import VALIDATION

#: A number of a cell, from its row.
Number = Callable[[pd.Series], float]
#: Settings that cells have in common which are compared.
SETTING = ["family", "n_train_levels", "flip_p", "hidden"]


class Evidence:
    """The cells of ``posterior``, and those of the calibration.

    Args:
        results: Of the study.
    """

    def __init__(self, results: Results) -> None:
        self.results = results
        self.cells = _longest(results.measured("posterior"))

    @cached_property
    def compared(self) -> pd.DataFrame:
        """Cells in which HMC stands beside all else, at a temperature of 1, on held-out levels."""
        cells = self.cells
        return cells[
            (cells["members"] > 0) & (cells["temperature"] == 1) & (cells["pool"] != VALIDATION)
        ]

    def settings(self, *, flipped: bool = False) -> "Iterator[tuple[str, pd.DataFrame]]":
        """Of cells that stand beside all else: what they are, and one row a data set.

        Args:
            flipped: Whether those whose training levels have random rewards.
        """
        cells = self.compared
        cells = cells[(cells["flip_p"] > 0) == flipped]
        for values, own in cells.groupby([*SETTING, "prior_var"], sort=True):
            yield f"{values[1]} levels, prior variance {values[4]:g}", own

    def beside(self, own: pd.DataFrame, **changed: Any) -> pd.DataFrame:
        """Cells without comparison that differ from the ones of a setting by some options alone.

        Args:
            own: Of ``settings``.
            **changed: Values of the options; those that are ``None`` may be any.
        """
        first = own.iloc[0]
        wanted = {key: first[key] for key in (*SETTING, "prior_var", "pool")}
        wanted |= {"temperature": 1.0, **changed}
        cells = self.cells[self.cells["members"] == 0]
        for key, value in wanted.items():
            if value is not None:
                cells = cells[cells[key] == value]
        return cells


def _longest(cells: pd.DataFrame) -> pd.DataFrame:
    """Of cells that differ in the number of draws alone, the one with the most.

    So chains that did not mix are run again for longer in the same store.
    """
    alike = [*SETTING, "prior_var", "temperature", "pool", "members", "seed"]
    return (
        cells.sort_values("draws", kind="stable").drop_duplicates(alike, keep="last").sort_index()
    )


def score(row: pd.Series, method: str, states: str, key: str) -> float:
    """One number of a cell; nan where it is missing."""
    value = row["scores"].get(method, {}).get(states, {}).get(key)
    return NAN if value is None else float(value)


def over_sets(what: str, cells: pd.DataFrame, number: Number) -> tuple[str, Estimate]:
    """A number's mean over the data sets whose chains mixed.

    Args:
        what: What it is.
        cells: One row a data set.
        number: Of a row.

    Returns:
        What it is, with how many data sets count where not all do, and the estimate.
    """
    counted = cells[cells["counts"].astype(bool)] if len(cells) else cells
    values = np.array([number(row) for _, row in counted.iterrows()])
    if len(counted) < len(cells):
        what += f" ({len(counted)} of {len(cells)} data sets, where the chains mixed)"
    if not len(values):
        return what, Estimate(NAN, reason="no data set whose chains mixed")
    return what, run_mean(values)


def paired(cells: pd.DataFrame, other: pd.DataFrame, key: str = "excess_nll") -> pd.DataFrame:
    """Cells of data sets that both have, with the other's number as ``other``.

    A data set counts only if the chains of both mixed.
    """
    own = other[["seed", "counts", key]].rename(columns={key: "other", "counts": "other_counts"})
    rows = cells.merge(own, on="seed")
    rows["counts"] = rows["counts"].astype(bool) & rows["other_counts"].astype(bool)
    return rows


def of(method: str, states: str, key: str) -> Number:
    """A number of a method on a set of states."""
    return lambda row: score(row, method, states, key)


def gap(key: str, one: str, other: str, states: str = measuring.ALL) -> Number:
    """The difference of a number between two methods on a set of states."""
    return lambda row: score(row, one, states, key) - score(row, other, states, key)


def loss(method: str, key: str, before: str, after: str) -> Number:
    """By how much a number of a method falls from one set of states to another."""
    return lambda row: score(row, method, before, key) - score(row, method, after, key)


def minus(one: Number, other: Number) -> Number:
    """The difference of two numbers of a cell."""
    return lambda row: one(row) - other(row)


def kinds() -> Sequence[str]:
    """Names of all methods in the order of figures."""
    trained = (methods.MAP, methods.TUNED, methods.WEAK, methods.UNDECAYED)
    pairs = [name for kind in trained for name in (kind, kind + methods.ENSEMBLE)]
    return (methods.HMC, methods.CHAIN, *pairs, methods.SGLD, methods.MFVI)
