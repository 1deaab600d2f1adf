"""Imported results: the limits of their report, in plain words."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from rlgen.analysis.results import MAIN, Results
from rlgen.analysis.stats.estimates import GROUPS, SOME, UNKNOWN, why_apart
from rlgen.analysis.stats.tables import CELL
from rlgen.report.sections.unlike import unlike
from rlgen.store.imported import Imported
from rlgen.util.words import counted


def elsewhere(results: Results) -> dict[str, Any] | None:
    """What was imported, and what could not be computed from it.

    Returns:
        ``files``: SHA-256 by path; ``notes``: how they were read; ``limits``: a sentence for each
        thing that is unknown; ``levels``: whether held-out levels are known. None for a study
        that was run here.
    """
    protocol = results.protocol
    if not isinstance(protocol, Imported):
        return None
    return {
        "files": protocol.files,
        "notes": list(protocol.notes),
        "limits": [*unlike(results), *_limits(results), _trust(results, protocol)],
        "levels": UNKNOWN not in _apart(results, "test"),
    }


def _apart(results: Results, pool: str) -> set[str]:
    """The reasons why cells have no full tables of runs by levels of a pool."""
    rows = results.main_records[results.main_records["split"] == pool]
    cells = rows.groupby(CELL, observed=True)
    words = "held-out" if pool == "test" else pool
    return {why_apart(cell, words) for _, cell in cells} - {""}


def _limits(results: Results) -> Iterator[str]:
    rows = results.main_records
    apart = _apart(results, "test")
    if any(cell["runs"] == 1 for cell in results.cells):
        yield "A cell of one run has no intervals: a second run would show how much runs differ."
    if UNKNOWN in apart:
        yield (
            "It is not known which levels were played. Intervals reflect the spread of runs alone, "
            "for new runs measured in the same way, and hold for new levels only if every run drew "
            "its own levels; there are no figures by level, no variance between levels, no "
            "comparison of training pools, and no paired comparison of gaps."
        )
    if SOME in apart:
        yield (
            "Some runs share held-out levels and others do not, so held-out returns and gaps have "
            "no intervals: measure every run on the same levels, or each on its own."
        )
    elif apart - {UNKNOWN}:
        yield (
            "The runs have their own held-out levels, so intervals reflect the spread of runs, and "
            "the variance between levels cannot be separated."
        )
    if GROUPS in _apart(results, "train"):
        yield (
            "Some runs were trained on the same levels and others on other ones, so training "
            "returns and gaps have no intervals: give every run levels of its own, or all the same."
        )
    if not _any(rows["normalised"]):
        yield (
            "The best and the random agent's returns are not known: there are no normalised "
            "scores, and every verdict is “undecided”. Give columns oracle and "
            "random, or use --set."
        )
    if not _any(rows["p_solved"]):
        yield "Whether episodes were solved is not known: there are no rates of solved levels."
    if results.curves.empty:
        yield "All returns are from one training step: there are no learning curves."
    else:
        yield "Checkpoints have no confidence bounds: there are no overfitting alarms."
    if (rows["n_train_levels"] < 0).any():
        yield "The number of training levels is not known; give it with --set n_train_levels."
    if (rows["seed"] < 0).any():
        yield "Seeds are not known: rlgen check cannot pair these runs with a baseline's."
    yield from _conditions(results)
    yield (
        "No policy is stored: there are no certificates, no recorded episodes, and no evaluation "
        "under further conditions."
    )


def _conditions(results: Results) -> Iterator[str]:
    """Which condition the verdicts are by, where nobody said it, and whose runs others lack."""
    first, *further = results.conditions
    if further and first != MAIN:
        yield (
            f"No condition is called {MAIN}: verdicts and comparisons are by returns under "
            f"{first}, the first of {', '.join(results.conditions)} by name."
        )
    runs = results.folded.groupby("condition", observed=True)["run_id"].nunique()
    every = results.folded["run_id"].nunique()
    for condition in results.conditions:
        if runs[condition] < every:
            yield (
                f"Under {condition} there are returns of {runs[condition]} of "
                f"{counted(every, 'run')}: what is shown under it is of these alone."
            )


def _trust(results: Results, protocol: Imported) -> str:
    """What has been taken on trust."""
    pools = map(str, results.main_records["split"].unique())
    unnamed = any(UNKNOWN in _apart(results, pool) for pool in pools)
    named = not unnamed and protocol.options.get("own_numbers") != "True"
    how = "is checked by their names only" if named else "is taken on trust"
    return f"Returns are taken from the files as they are; that pools share no levels {how}."


def _any(arrays: Any) -> bool:
    return any(np.isfinite(values).any() for values in arrays)
