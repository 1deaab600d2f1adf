"""All that the page shows, as plain values, and what runs do as bytes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rlgen.util.files import without_nan
from rlgen.util.words import counted
from rlgen.view.runs import NUMBERS, Drawer, Drawn, Plans, Wanted
from rlgen.view.selecting import chosen_levels
from rlgen.view.studies import PARTS, Cell, Study

#: Digits of a number on the page; ``summary.json`` and the records have all.
DIGITS = 5


@dataclass(frozen=True)
class Extent:
    """How much is drawn.

    Attributes:
        levels: Most levels of a pool, a third each the worst, the middle and the best.
        runs: Most runs of a cell, from the smallest gap to the largest.
        trusted: Stores whose runs may import the modules that they name.
    """

    levels: int = 30
    runs: int = 3
    trusted: tuple[str, ...] = ()


@dataclass(frozen=True)
class Content:
    """What the page shows.

    Attributes:
        document: Plain values: ``studies``, ``cells``, ``runs``, ``plans``, ``numbers``.
        walks: Of each run what it does on its levels (``walks.walks``); empty where not known.
    """

    document: dict[str, Any]
    walks: list[bytes]


def content(
    studies: Sequence[Study], extent: Extent, progress: Callable[[str], None] = lambda _: None
) -> Content:
    """Draw the studies.

    Args:
        studies: One or two.
        extent: How much.
        progress: Called with a line before each run.
    """
    every = [(place, cell) for place, study in enumerate(studies) for cell in study.cells]
    wanted = wanted_levels([cell for _, cell in every], extent.levels)
    plans, runs, walks = Plans(), list[dict[str, Any]](), list[bytes]()
    drawers = [drawer(study, plans, extent) for study in studies]
    cells = []
    for number, (place, cell) in enumerate(every):
        study = studies[place]
        entry = study.plain(cell) | {"study": place, "members": []}
        chosen = {run["id"] for run in cell.drawn(extent.runs)}
        for run in cell.runs:
            entry["members"].append(dict(run))
            if run["id"] not in chosen:
                continue
            progress(f"{study.name}: {entry['words']}, seed {run['seed']}")
            own = drawers[place].draw(run["id"], cell.world, wanted[cell.world], extent.levels)
            entry["members"][-1]["drawn"] = len(runs)
            walks.append(own.walks)
            runs.append(run_entry(own, run, number))
        cells.append(entry | {"levels": _by_level(cell)})
    document = {
        "parts": PARTS,
        "numbers": NUMBERS,
        "studies": [_study(study) for study in studies],
        "cells": cells,
        "runs": runs,
        "plans": plans.drawn,
        "extent": f"{counted(extent.levels, 'level')} of a pool and "
        f"{counted(extent.runs, 'run')} of a cell",
    }
    return Content(plain(document), walks)


def run_entry(drawn: Drawn, run: Mapping[str, Any], cell: int) -> dict[str, Any]:
    """A run as the page reads it.

    Args:
        drawn: What was drawn of it.
        run: Its ``id`` and ``seed``.
        cell: The number of its cell.
    """
    own: dict[str, Any] = {"id": run["id"], "cell": cell, "seed": run["seed"]}
    return own | {
        "levels": drawn.levels,
        "walked": drawn.walked,
        "times": drawn.times,
        "notes": drawn.notes,
    }


def plain(value: Any) -> Any:
    """The same with floats of ``DIGITS`` digits, and None for what is not known."""
    return _rounded(without_nan(value))


def drawer(study: Study, plans: Plans, extent: Extent) -> Drawer:
    """What draws the runs of a study."""
    results = study.results
    own = (study.store, study.name, results.conditions, plans, extent.trusted)
    return Drawer(*own, imported=results.imported)


def _by_level(cell: Cell) -> dict[str, Any]:
    """Of each pool the ids of its levels, as texts, and the mean return on each."""
    return {pool: [list(map(str, own)), list(own.values())] for pool, own in cell.returns.items()}


def _study(study: Study) -> dict[str, Any]:
    return {
        "name": study.name,
        "title": study.results.protocol.name,
        "conditions": study.results.conditions,
        "exact": bool(study.results.folded["exact"].all()),
        "varying": study.results.varying,
        "pools": study.pools,
    }


def wanted_levels(cells: Sequence[Cell], most: int) -> dict[str, Wanted]:
    """Levels of held-out pools to be drawn, by world: the same in all runs that play them."""
    wanted: dict[str, Wanted] = {}
    for world in dict.fromkeys(cell.world for cell in cells):
        returns: dict[str, list[Mapping[int, float]]] = {}
        for cell in cells:
            if cell.world == world:
                for pool, own in cell.returns.items():
                    returns.setdefault(pool, []).append(own)
        wanted[world] = {pool: chosen_levels(own, most) for pool, own in returns.items()}
    return wanted


def _rounded(value: Any) -> Any:
    """The same with floats of ``DIGITS`` digits."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if np.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _rounded(own) for key, own in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(own) for own in value]
    return value
