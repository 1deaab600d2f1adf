"""Imported runs that were not all measured alike: under other conditions, or at other steps."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from rlgen.analysis.results import Results
from rlgen.analysis.stats.tables import CELL, UNTOLD
from rlgen.analysis.verdicts import setting
from rlgen.util.words import counted


def unlike(results: Results) -> Iterator[str]:
    """A sentence for each way in which runs that are averaged or compared differ.

    Studies that are run here measure every run at its end, under all conditions.

    Args:
        results: Of an import.
    """
    runs = results.folded.drop_duplicates(["run_id", "condition"])
    for key, own in runs.groupby(CELL, observed=True, sort=True):
        measured = set(own["run_id"][own["condition"] == results.main])
        others = own[~own["run_id"].isin(measured)]
        if not others.empty:
            conditions = ", ".join(sorted(set(map(str, others["condition"]))))
            yield (
                f"{others['run_id'].nunique()} of {counted(own['run_id'].nunique(), 'run')} of "
                f"{_cell(key)}: there are no returns under {results.main}, by which all are "
                f"judged, but under {conditions}; they are in no answer."
            )
    yield from _steps(runs, results.main)


def _steps(runs: pd.DataFrame, main: str) -> Iterator[str]:
    """Where last steps differ, among the runs of a cell or between the conditions of a run."""
    cells = runs[runs["condition"] == main].groupby(CELL, observed=True, sort=True)
    mixed = [(key, own["checkpoint"]) for key, own in cells if own["checkpoint"].nunique() > 1]
    if mixed:
        key, steps = mixed[0]
        more = f", and those of {counted(len(mixed) - 1, 'more cell')}" if mixed[1:] else ""
        yield (
            f"The runs of {_cell(key)} were measured at different steps ({_step(steps.min())} to "
            f"{_step(steps.max())}){more}: means and intervals are of policies that were trained "
            "for different times."
        )
    apart = runs.groupby("run_id", observed=True)["checkpoint"].nunique() > 1
    if apart.any():
        first = runs[runs["run_id"] == apart.idxmax()]
        pairs = zip(first["condition"], first["checkpoint"], strict=True)
        listed = ", ".join(f"{condition} at {_step(step)}" for condition, step in pairs)
        yield (
            f"Conditions of {counted(int(apart.sum()), 'run')} were measured at different steps "
            f"({listed}): they are of different policies."
        )


def _cell(key: tuple[Any, ...]) -> str:
    return setting(dict(zip(CELL, key, strict=True)))


def _step(step: int) -> str:
    return "an unknown one" if step == UNTOLD else f"{step:,}"
