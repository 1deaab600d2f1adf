"""A study as the page shows it first: its cells with their estimates, and the runs of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from rlgen.analysis.bounds import displayed
from rlgen.analysis.results import Results
from rlgen.analysis.same_levels import LEVELS
from rlgen.analysis.stats.tables import CELL, UNKNOWN_LEVEL
from rlgen.errors import StoreError
from rlgen.store.run_store import RunStore
from rlgen.util.hashing import digest
from rlgen.view.selecting import spread

#: Parts of a cell's return that the overview shows.
PARTS = ("train", "test", "gap")


@dataclass(frozen=True)
class Cell:
    """A cell of the grid, with its runs.

    Attributes:
        keys: Values of ``CELL``.
        world: What decides its levels besides their ids; equal in cells that play the same ones.
        runs: Of each run its ``id``, ``seed``, and mean return by pool.
        returns: Mean return over its runs by pool and level id, of pools that all runs share.
    """

    keys: Mapping[str, Any]
    world: str
    runs: Sequence[Mapping[str, Any]]
    returns: Mapping[str, Mapping[int, float]]

    def drawn(self, most: int) -> list[Mapping[str, Any]]:
        """Runs to be drawn: by their gap from the smallest to the largest."""
        gaps = [
            run["means"].get("train", np.nan) - run["means"].get("test", np.nan)
            for run in self.runs
        ]
        return [self.runs[place] for place in spread(gaps, most)]


class Study:
    """A store, read.

    Args:
        store: The store.
        name: What the reader calls it.

    Raises:
        StoreError: If it has no returns of agents.
    """

    def __init__(self, store: RunStore, name: str) -> None:
        self.store, self.name, self.results = store, name, Results.load(store)
        if not self.results.cells:
            raise StoreError(f"{name}: has no returns of agents by level, so there is none to view")

    @cached_property
    def cells(self) -> list[Cell]:
        """In the order of the report."""
        return [self._cell(keys) for keys in self.results.cells]

    @property
    def pools(self) -> list[str]:
        """Those that are shown: training and test levels, and the further ones."""
        return ["train", "test", *self.results.pools]

    def _cell(self, keys: Mapping[str, Any]) -> Cell:
        rows = self.results.records_of(keys)
        rows = rows[rows["split"].isin(self.pools)]
        runs: dict[str, dict[str, Any]] = {}
        tables: dict[str, list[Mapping[int, float]]] = {}
        for row in rows.to_dict("records"):
            name, pool, returns = str(row["run_id"]), str(row["split"]), row["ret_mean"]
            run = runs.setdefault(name, {"id": name, "seed": int(row["seed"]), "means": {}})
            run["means"][pool] = float(returns.mean())
            levels = row["level_id"].tolist()
            if UNKNOWN_LEVEL not in levels:
                own = dict(zip(levels, returns.tolist(), strict=True))
                tables.setdefault(pool, []).append(own)
        settings = next(iter(self.results.settings_of(keys)), {"family": keys["family"]})
        world = digest({key: settings.get(key) for key in ("family", *LEVELS)})
        shared = {p: _mean(t) for p, t in tables.items() if p != "train"}
        return Cell(keys, world, sorted(runs.values(), key=lambda run: run["seed"]), shared)

    def plain(self, cell: Cell) -> dict[str, Any]:
        """A cell as plain values: ``keys``, ``words``, ``estimates`` by part, ``verdict``."""
        results = self.results
        verdict = results.verdict(cell.keys)
        return {
            "keys": {key: cell.keys[key] for key in CELL},
            "words": results.short(cell.keys) or results.common,
            "runs": len(cell.runs),
            "estimates": {
                part: [own.mean, own.low, own.high, own.reason]
                for part in PARTS
                for own in [displayed(results, cell.keys, "return", part)]
            },
            "verdict": verdict.word,
            "because": verdict.because,
            "world": cell.world[:12],
        }


def _mean(tables: Sequence[Mapping[int, float]]) -> dict[int, float]:
    """Mean over runs, of levels that all of them played."""
    common = set(tables[0]).intersection(*tables[1:])
    return {
        level: float(np.mean([own[level] for own in tables]))
        for level in tables[0]
        if level in common
    }
