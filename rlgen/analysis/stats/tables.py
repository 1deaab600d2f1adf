"""The record table folded to one row a run, condition and pool, with an array of levels each.

A large study has tens of millions of records. The statistics need a few of their columns, as one
array a run and pool. Records are folded file by file, so that the whole table is never in memory.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from rlgen.analysis.stats.scores import normalised_score
from rlgen.analysis.stats.spilling import Spill

#: What a cell of the grid is, runs apart.
CELL = ["family", "agent", "network", "n_train_levels", "flip_p", "regulariser"]
#: Records that share these are folded into one row; groups come in the order of its columns.
KEYS = [*CELL, "run_id", "condition", "split"]
#: Columns that are the same for all of a row's records.
SHARED = [*KEYS, "seed", "checkpoint", "manifest"]
#: Columns of arrays, ``(L,)`` each, that a row has where the records have them.
ARRAYS = ["level_id", "ret_mean", "normalised", "p_solved"]
FLOATS = ARRAYS[1:]
#: Numbers that a row has of its levels together, where the records have what they come from: the
#: variance of the mean return, and of the mean score, through the episodes played.
NOISE = ["noise", "normalised_noise"]
#: Means over a row's levels of what scores are relative to, where the records have it.
ENDS = {"optimal": "oracle_ret", "random": "random_ret"}
#: The same of those training levels on which the learning curve of the row's run was evaluated.
WATCHED = {f"watched_{name}": source for name, source in ENDS.items()}
#: Columns that the normalised score of a level is computed from.
SCORED = ("ret_mean", "oracle_ret", "random_ret")
#: The columns of the record table that are read.
NEEDED = [
    *(*SHARED, "level_id", "ret_mean", "p_solved", "oracle_ret", "random_ret", "exact"),
    *("ret_var", "n_episodes"),
]

#: ``level_id`` of imported returns whose levels are not known; all of a run are in one row.
UNKNOWN_LEVEL = -1
#: Stands for a seed, a step or a number of levels that imported results do not say.
UNTOLD = -1

Array = NDArray[Any]


def cell_key(cell: Mapping[str, Any]) -> tuple[Any, ...]:
    """A cell's values of ``CELL``, by which it is looked up."""
    return tuple(cell[name] for name in CELL)


def fold(records: pd.DataFrame, watched: Mapping[str, int] | None = None) -> pd.DataFrame:
    """Fold records that are in memory.

    Args:
        records: Columns as in ``records.RECORDS``, or fewer. Folded records are returned unchanged.
        watched: See ``fold_tables``.

    Returns:
        See ``fold_tables``. Names come in the order of their categories, else of the alphabet.
    """
    if records.empty or isinstance(records["level_id"].iloc[0], np.ndarray):
        return records
    names = {
        name: pd.Categorical(records[name])
        for name in SHARED
        if name in records and not pd.api.types.is_numeric_dtype(records[name])
    }
    columns = [name for name in NEEDED if name in records]
    table = pa.Table.from_pandas(records[columns].assign(**names), preserve_index=False)
    return fold_tables([table], watched)


def fold_tables(
    tables: Iterable[pa.Table], watched: Mapping[str, int] | None = None
) -> pd.DataFrame:
    """Fold tables of records one at a time.

    Args:
        tables: Columns as in ``NEEDED``, or fewer of them; those of a run may be in several.
            Levels come in the order of their pool.
        watched: By run on how many of its training levels, the first, its learning curve was
            evaluated; all by default.

    Returns:
        The columns of ``SHARED``, names as categories in the order in which they first occur;
        ``exact``, whether all returns were computed; those of ``NOISE``, 0 where they were and nan
        where it is not known; those of ``ENDS`` and ``WATCHED``; and those of ``ARRAYS``, float64
        arrays ``(L,)`` (ids int64) in the ascending order of the level ids. ``normalised`` is the
        score of each level, 0 for the random agent and 1 for the planner (method 2.1); nan where
        the two are not known or not apart. Rows are in the order of run, condition and pool.
    """
    folding = _Folding(watched or {})
    for table in tables:
        folding.add(table)
    return folding.frame()


class _Folding:
    """Gathers rows, column by column."""

    def __init__(self, watched: Mapping[str, int]) -> None:
        self._watched = watched
        self._rows: dict[str, list[Any]] = {}
        self._words: dict[str, dict[str, int]] = {}
        #: By pool the levels seen last, as they came; their ascending order; and so ordered.
        self._levels: dict[int, tuple[Array, Array, Array]] = {}
        #: The arrays of ``FLOATS``, of which rows have the numbers.
        self._spill = Spill()

    def add(self, table: pa.Table) -> None:
        if not table.num_rows:
            return
        pairs = zip(table.column_names, table.columns, strict=True)
        columns = {name: self._column(name, column) for name, column in pairs}
        keys = [columns[name] for name in KEYS if name in columns]
        starts = _starts(keys)
        if len(set(zip(*(key[starts].tolist() for key in keys), strict=True))) < len(starts):
            order = np.lexsort(keys)
            columns = {name: values[order] for name, values in columns.items()}
            starts = _starts([key[order] for key in keys])
        if set(SCORED) <= columns.keys():
            columns["normalised"] = normalised_score(*(columns[name] for name in SCORED))
        for name in SHARED:
            if name in columns:
                self._rows.setdefault(name, []).extend(columns[name][starts].tolist())
        if "exact" in columns:
            exact = np.logical_and.reduceat(columns["exact"], starts)
            self._rows.setdefault("exact", []).extend(exact.tolist())
        for name, values in _noise(columns):
            counts = np.diff([*starts, table.num_rows])
            sums = np.add.reduceat(values, starts)
            self._rows.setdefault(name, []).extend((sums / counts**2).tolist())
        firsts = starts.tolist()
        self._add_arrays(columns, list(pairwise([*firsts, table.num_rows])))

    def _column(self, name: str, column: pa.ChunkedArray) -> Array:
        """The values; of names their numbers."""
        if not isinstance(column.chunk(0), pa.DictionaryArray):
            values = np.asarray(column)
            return values.astype(np.float64, copy=False) if name in FLOATS else values
        array = (
            column.unify_dictionaries().combine_chunks()
            if column.num_chunks > 1
            else column.chunk(0)
        )
        numbered = self._words.setdefault(name, {})
        numbers = [
            numbered.setdefault(word, len(numbered)) for word in array.dictionary.to_pylist()
        ]
        if len(numbers) == 1:
            return np.full(len(array), numbers[0])
        codes: Array = np.array(numbers)[np.asarray(array.indices)]
        return codes

    def _add_arrays(self, columns: dict[str, Array], spans: list[tuple[int, int]]) -> None:
        """Gather the arrays of rows, which have these parts of the columns."""
        orders = []
        for start, end in spans:
            pool, levels = int(columns["split"][start]), columns["level_id"][start:end]
            last = self._levels.get(pool)
            # The same under every condition, and of held-out pools for every run: sorted and kept
            # once.
            if last is None or len(last[0]) != len(levels) or (last[0] != levels).any():
                order = np.argsort(levels, kind="stable")
                last = self._levels[pool] = (levels, order, levels[order])
            orders.append(start + last[1])
            self._rows.setdefault("level_id", []).append(last[2])
        order = np.concatenate(orders)
        for name in FLOATS:
            if name in columns:
                values = columns[name][order]
                numbers = self._rows.setdefault(name, [])
                for start, end in spans:
                    condition = int(columns["condition"][start]) if "condition" in columns else 0
                    numbers.append(self._spill.add(values[start:end], (name, condition)))
        watched = self._watched_of(columns, spans)
        for (name, source), first in zip(ENDS.items(), WATCHED, strict=True):
            if source in columns:
                means = _means(columns[source][order], spans)
                self._rows.setdefault(name, []).extend(means)
                of_first = _means(columns[source], watched)
                pairs = zip(means, of_first, spans, watched, strict=True)
                self._rows.setdefault(first, []).extend(
                    mean if span == part else own for mean, own, span, part in pairs
                )

    def _watched_of(
        self, columns: dict[str, Array], spans: list[tuple[int, int]]
    ) -> list[tuple[int, int]]:
        """The part of each row's levels on which the learning curve was evaluated."""
        if not self._watched:
            return spans
        runs, train = list(self._words["run_id"]), self._words["split"].get("train")
        parts = []
        for start, end in spans:
            n = self._watched.get(runs[columns["run_id"][start]], 0)
            whole = not n or columns["split"][start] != train
            parts.append((start, end if whole else min(start + n, end)))
        return parts

    def frame(self) -> pd.DataFrame:
        columns: dict[str, Any] = {}
        floats = self._spill.arrays()
        for name, values in self._rows.items():
            if name in self._words:
                words = pd.Index(list(self._words[name]))
                columns[name] = pd.Categorical.from_codes(np.array(values), words)
            elif name in ARRAYS:
                # One by one, as numpy would make a matrix of arrays of one length.
                columns[name] = np.empty(len(values), object)
                for row, array in enumerate(values):
                    columns[name][row] = floats[array] if name in FLOATS else array
            else:
                columns[name] = np.array(values)
        if not columns:
            return pd.DataFrame(columns=[*SHARED, "exact", *ENDS, *WATCHED, *NOISE, *ARRAYS])
        order = [name for name in ("run_id", "condition", "split") if name in columns]
        return pd.DataFrame(columns).sort_values(order, kind="stable", ignore_index=True)


def _means(values: Array, spans: list[tuple[int, int]]) -> list[float]:
    """Means of parts, as ``mean`` computes them, in a third of the time for so few numbers."""
    return [float(np.add.reduce(values[a:b], dtype=np.float64) / (b - a)) for a, b in spans]


def _noise(columns: dict[str, Array]) -> Iterator[tuple[str, Array]]:
    """By column of ``NOISE`` the variance of each level's mean through the episodes played."""
    if not {"ret_var", "n_episodes", "exact", *SCORED} <= columns.keys():
        return
    with np.errstate(invalid="ignore", divide="ignore"):
        played = columns["ret_var"].astype(np.float64) / columns["n_episodes"]
        noise = np.where(columns["exact"], 0.0, played)
        yield NOISE[0], noise
        span = columns["oracle_ret"] - columns["random_ret"]
        yield NOISE[1], noise / span.astype(np.float64) ** 2


def _starts(keys: list[Array]) -> NDArray[np.intp]:
    """Rows that differ from the one before them in any key; the first does."""
    differs = np.logical_or.reduce([key[1:] != key[:-1] for key in keys])
    return np.flatnonzero(np.concatenate([[True], differs]))


def by_cell(plan: Iterable[Mapping[str, Any]]) -> dict[tuple[Any, ...], list[Mapping[str, Any]]]:
    """Settings of planned runs by their values of ``CELL``, in the order of the plan."""
    settings: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for entry in plan:
        key = tuple(entry["settings"].get(name) for name in CELL)
        # Cells of other kinds may have anything under these names.
        if all(isinstance(value, str | int | float) for value in key):
            settings.setdefault(key, []).append(entry["settings"])
    return settings
