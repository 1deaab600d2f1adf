"""What a report of results from elsewhere cannot say, in plain words."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from rlgen.analysis.results import Results
from rlgen.analysis.stats.estimates import SOME, UNKNOWN, why_apart
from rlgen.analysis.stats.tables import CELL
from rlgen.store.imported import Imported


def elsewhere(study: Results) -> dict[str, Any] | None:
    """What was imported, and what could not be computed for want of what.

    Returns:
        ``files``: SHA-256 by path; ``notes``: how they were read; ``limits``: a sentence for each
        thing that is not known; ``levels``: whether held-out levels are. None for a study of ours.
    """
    told = study.protocol
    if not isinstance(told, Imported):
        return None
    return {
        "files": told.files,
        "notes": list(told.notes),
        "limits": [*_limits(study), _trust(study, told)],
        "levels": UNKNOWN not in _apart(study),
    }


def _apart(study: Results) -> set[str]:
    """Why the cells have no full tables of runs and held-out levels, of those that have none."""
    rows = study.main_records[study.main_records["split"] == "test"]
    cells = rows.groupby(CELL, observed=True)
    return {why_apart(cell, "held-out") for _, cell in cells} - {""}


def _limits(study: Results) -> Iterator[str]:
    rows = study.main_records
    apart = _apart(study)
    if any(cell["runs"] == 1 for cell in study.cells):
        yield "A cell of one run has no intervals: a second run would show how far runs differ."
    if UNKNOWN in apart:
        yield (
            "It is not known which levels were played. Intervals are of the spread of runs alone, "
            "for new runs measured in the same way, and hold for new levels only if every run drew "
            "levels of its own; there are no figures by level, no variance between levels, no "
            "training pools to compare, and no paired comparison of gaps."
        )
    if SOME in apart:
        yield (
            "Some runs share held-out levels and others do not, so that held-out returns and gaps "
            "have no intervals: measure every run on the same levels, or each on its own."
        )
    elif apart - {UNKNOWN}:
        yield (
            "The runs have held-out levels of their own, so that intervals are of the spread of "
            "runs, and the variance between levels cannot be told apart."
        )
    if not _any(rows["normalised"]):
        yield (
            "The best and the random agent's returns are not known: there are no normalised "
            "scores, and no verdict but “undecided”. Columns oracle and random tell them, or --set."
        )
    if not _any(rows["p_solved"]):
        yield "Whether episodes were solved is not known: there are no rates of solved levels."
    if study.curves.empty:
        yield "Returns are of one step of training: there are no learning curves."
    else:
        yield "Checkpoints have no bounds of certainty: there are no overfitting alarms."
    if (rows["n_train_levels"] < 0).any():
        yield "The number of training levels is not known; --set n_train_levels tells it."
    if (rows["seed"] < 0).any():
        yield "Seeds are not known: rlgen check cannot pair these runs with a baseline's."
    yield (
        "No policy is stored: there are no certificates, no episodes to look at, and no further "
        "conditions to put the agents to."
    )


def _trust(study: Results, told: Imported) -> str:
    """What nobody has checked."""
    named = UNKNOWN not in _apart(study) and told.options.get("own_numbers") != "True"
    how = "is checked by their names only" if named else "is taken on trust"
    return f"Returns are taken as they stand in the files; that pools share no levels {how}."


def _any(arrays: Any) -> bool:
    return any(np.isfinite(values).any() for values in arrays)
