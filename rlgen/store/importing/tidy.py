"""One validated table of all files: a row per run, pool, condition and level."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from rlgen.analysis.stats.tables import UNKNOWN_LEVEL, UNTOLD
from rlgen.errors import ImportedFileError
from rlgen.store.importing import refusals, steps
from rlgen.store.importing.columns import (
    AVERAGED,
    LEVEL,
    REQUIRED,
    ImportOptions,
    from_path,
    matched,
)
from rlgen.store.importing.source import LEARNING, Source
from rlgen.store.importing.values import MOST_RETURN, Column, level_ids

#: Values of columns that are missing.
DEFAULTS: Mapping[str, str | float | int] = {
    "family": "unknown",
    "agent": "unknown",
    "network": "unknown",
    "n_train_levels": UNTOLD,
    "flip_p": 0.0,
    "regulariser": "none",
    "seed": UNTOLD,
    "pool_seed": UNTOLD,
    "step": UNTOLD,
    "condition": "plain",
}


@dataclass(frozen=True)
class Table:
    """The validated data of an import.

    Attributes:
        rows: One row per run, pool, condition, step and level: columns of ``RUN``, ``pool``,
            ``condition``, ``step``, ``level_id``, ``return``, ``variance``, those of ``AVERAGED``,
            ``episodes``, ``exact`` and ``final``, whether it is of the last step that a run's pools
            have in common.
        levels: The name of each level id, where ids are hashes of names.
        groups: The group of each level by pool and level id, where files say it.
        columns: The files' names of columns, by our names.
        ignored: Columns of the files that were not used.
        learning: Whether training returns were measured while agents learned, and held-out ones
            were not.
    """

    rows: pd.DataFrame
    levels: Mapping[int, str]
    groups: Mapping[tuple[str, int], str]
    columns: Mapping[str, str]
    ignored: tuple[str, ...]
    learning: bool = False


def tidy(sources: Sequence[Source], options: ImportOptions) -> Table:
    """Make one table of all files.

    Raises:
        ImportedFileError: One line for the first thing that is wrong.
    """
    options.check(len(sources))
    parts: list[pd.DataFrame] = []
    columns: dict[str, str] = {}
    ignored: dict[str, None] = {}
    sources = _with_common_family(sources)
    constants = [_constants(source, options, number) for number, source in enumerate(sources)]
    refusals.refuse_same_files(sources, constants)
    refusals.refuse_environments(sources, constants)
    for number, source in enumerate(sources):
        taken = matched(source, options.columns)
        columns |= taken
        unused = set(map(str, source.rows.columns)) - set(taken.values()) - source.unused
        ignored |= dict.fromkeys(sorted(unused))
        parts.append(_typed(source, taken, constants[number]).assign(source=number))
    rows = pd.concat(parts, ignore_index=True)
    names = rows["level"]
    played = names.notna()
    ids = pd.Series(UNKNOWN_LEVEL, rows.index, dtype=np.int64)
    ids[played] = level_ids(names[played])
    rows, learning = steps.aligned(rows.assign(level_id=ids))
    refusals.refuse_swapped_bounds(rows, sources)
    if not options.repeats:
        refusals.refuse_copies(rows, sources)
    if not options.own_numbers:
        refusals.refuse_shared_levels(rows)
    refusals.refuse_further_levels(rows)
    refusals.refuse_missing_pools(rows)
    averaged = _averaged(rows)
    named = rows[rows["level"].notna()].drop_duplicates("level_id")
    levels = {
        int(number): str(name)
        for number, name in zip(named["level_id"], named["level"], strict=True)
        if str(name).removesuffix(".0") != str(number)
    }
    groups = _groups(rows)
    return Table(steps.with_final(averaged), levels, groups, columns, tuple(ignored), learning)


def _groups(rows: pd.DataFrame) -> dict[tuple[str, int], str]:
    """The group of each level by pool and level id.

    Raises:
        ImportedFileError: If a level has two groups, or some levels have none.
    """
    if "group" not in rows:
        return {}
    refusals.refuse_groups(rows)
    levels = rows.drop_duplicates(["pool", "level_id"])
    places = zip(levels["pool"].astype(str), levels["level_id"].astype(int), strict=True)
    return dict(zip(places, levels["group"].astype(str), strict=True))


def _with_common_family(sources: Sequence[Source]) -> list[Source]:
    """The files, those that do not name their family with the one that all others name."""
    families = {source.facts["family"] for source in sources if "family" in source.facts}
    if len(families) != 1:
        return list(sources)
    return [replace(source, facts={"family": min(families), **source.facts}) for source in sources]


def _constants(source: Source, options: ImportOptions, number: int) -> dict[str, str]:
    """The values that hold for all rows of a file."""
    constants = dict(options.constants)
    pool = {"pool": options.pools[number if len(options.pools) > 1 else 0]} if options.pools else {}
    for more in (from_path(source.path.as_posix(), options.pattern), pool):
        for name, value in more.items():
            if constants.setdefault(name, value) != value:
                raise ImportedFileError(
                    f"{source.path}: {name} is given twice, {constants[name]!r} and {value!r}"
                )
    return {**source.facts, **constants}


def _typed(source: Source, taken: Mapping[str, str], constants: Mapping[str, str]) -> pd.DataFrame:
    """A file's columns under our names, each converted to its type."""
    path, length = source.path, len(source.rows)
    raw: dict[str, Column] = {}
    for name, column in taken.items():
        if name in constants and name not in source.facts:
            raise ImportedFileError(
                f"{path}: {name!r} is given ({constants[name]!r}) and is also the column {column!r}"
            )
        raw[name] = Column(f"{path}, column {column!r}", source.rows[column])
    for name, value in constants.items():
        raw.setdefault(name, Column(f"{path}, {name}={value}", pd.Series([value] * length)))
    for name in REQUIRED:
        if name not in raw:
            raise ImportedFileError(refusals.lacking(source, name))
    if not {"run", "seed"} & raw.keys():
        raise ImportedFileError(refusals.lacking(source, "run"))
    rows = pd.DataFrame({name: _converted(name, column) for name, column in raw.items()})
    rows = rows.assign(**{name: value for name, value in DEFAULTS.items() if name not in rows})
    rows = rows.assign(**{name: np.nan for name in AVERAGED if name not in rows})
    if "run" not in rows:
        rows["run"] = "seed " + rows["seed"].astype(str)
    for name in ("level", "episode"):
        if name not in rows:
            rows[name] = None
    while_learning = source.rows.get(LEARNING, False)
    rows["learning"] = np.asarray(while_learning, np.bool_) & np.ones(length, np.bool_)
    rows["weight"] = 1 if "episodes" not in rows else np.maximum(rows["episodes"], 1)
    rows["sampled"] = rows["weight"] if "episodes" not in rows else rows["episodes"]
    return rows.drop(columns="episodes", errors="ignore").assign(row=np.arange(1, length + 1))


def _converted(name: str, column: Column) -> pd.Series:
    match name:
        case "pool":
            return column.pools()
        case "return" | "oracle" | "random":
            return column.numbers(-MOST_RETURN, MOST_RETURN)
        case "length":
            return column.numbers(0, MOST_RETURN)
        case "solved":
            return column.numbers(0, 1, missing=True)
        case "flip_p":
            return column.numbers(0, 1)
        case "seed" | "pool_seed" | "n_train_levels" | "step" | "episodes":
            return column.counts()
    return column.texts()


def _averaged(rows: pd.DataFrame) -> pd.DataFrame:
    """Average the episodes of one run on one level, and keep their number."""
    weight = rows["weight"]
    names = ["return", *AVERAGED]
    sums = rows[LEVEL].assign(weight=weight, sampled=rows["sampled"], single=weight)
    # If, say, success is missing for some episodes of a level, its rate is unknown: nan stays.
    sums = sums.assign(**{name: rows[name] * weight for name in names})
    groups = sums.groupby(LEVEL, sort=True)
    means = groups[["weight", "sampled", *names]].sum()
    whole = groups[names].count().eq(groups.size(), axis=0)
    means[names] = means[names].where(whole).div(means["weight"], axis=0)
    episodes = rows.groupby(LEVEL, sort=True)["return"]
    # The variance of single episodes cannot be computed from means of several.
    means["variance"] = episodes.var(ddof=1).where(groups["single"].max() == 1)
    return means.assign(exact=means["sampled"] == 0).reset_index()
