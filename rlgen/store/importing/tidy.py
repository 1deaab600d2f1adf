"""One validated table of all files: a row per run, pool, condition and level."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rlgen.analysis.stats.tables import CELL, UNKNOWN_LEVEL, UNTOLD
from rlgen.errors import ImportedFileError
from rlgen.store.importing.columns import COLUMNS, REQUIRED, ImportOptions, from_path, matched
from rlgen.store.importing.readers import Source
from rlgen.store.importing.values import Column, level_ids

#: The columns that identify a run.
RUN = [*CELL, "run", "seed", "pool_seed"]
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
#: Numbers that are averaged like returns; nan where missing.
AVERAGED = ("solved", "length", "oracle", "random")
_LEVEL = [*RUN, "pool", "condition", "step", "level_id"]


@dataclass(frozen=True)
class Table:
    """The validated data of an import.

    Attributes:
        rows: One row per run, pool, condition, step and level: columns of ``RUN``, ``pool``,
            ``condition``, ``step``, ``level_id``, ``return``, ``variance``, those of ``AVERAGED``,
            ``episodes``, ``exact`` and ``final``, whether it is of the last step that a run's pools
            have in common.
        levels: The name of each level id, where ids are hashes of names.
        columns: The files' names of columns, by our names.
        ignored: Columns of the files that were not used.
    """

    rows: pd.DataFrame
    levels: Mapping[int, str]
    columns: Mapping[str, str]
    ignored: tuple[str, ...]


def tidy(sources: Sequence[Source], options: ImportOptions) -> Table:
    """Make one table of all files.

    Raises:
        ImportedFileError: One line for the first thing that is wrong.
    """
    options.check(len(sources))
    parts: list[pd.DataFrame] = []
    columns: dict[str, str] = {}
    ignored: dict[str, None] = {}
    constants = [_constants(source, options, number) for number, source in enumerate(sources)]
    _refuse_same_files(sources, constants)
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
    rows = rows.assign(level_id=ids)
    if not options.repeats:
        _refuse_copies(rows, sources)
    if not options.own_numbers:
        _refuse_shared_levels(rows)
    _refuse_missing_pools(rows)
    averaged = _averaged(rows)
    named = rows[played].drop_duplicates("level_id")
    levels = {
        int(number): str(name)
        for number, name in zip(named["level_id"], named["level"], strict=True)
        if str(name).removesuffix(".0") != str(number)
    }
    return Table(_with_final(averaged), levels, columns, tuple(ignored))


def _refuse_same_files(sources: Sequence[Source], constants: Sequence[Mapping[str, str]]) -> None:
    """Refuse the same results twice: they would be two runs, or count twice.

    Files of different runs may be equal if their paths distinguish the runs: agents may solve
    everything, or nothing.
    """
    first: dict[object, Source] = {}
    for source, own in zip(sources, constants, strict=True):
        for key, what in (
            (source.path.resolve(), "is given twice"),
            ((source.sha256, *sorted(own.items())), "has the same content as {}"),
        ):
            if key in first:
                raise ImportedFileError(f"{source.path}: {what.format(first[key].path)}")
            first[key] = source


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
            raise ImportedFileError(_lacking(source, name))
    if not {"run", "seed"} & raw.keys():
        raise ImportedFileError(_lacking(source, "run"))
    rows = pd.DataFrame({name: _converted(name, column) for name, column in raw.items()})
    rows = rows.assign(**{name: value for name, value in DEFAULTS.items() if name not in rows})
    rows = rows.assign(**{name: np.nan for name in AVERAGED if name not in rows})
    if "run" not in rows:
        rows["run"] = "seed " + rows["seed"].astype(str)
    for name in ("level", "episode"):
        if name not in rows:
            rows[name] = None
    rows["weight"] = 1 if "episodes" not in rows else np.maximum(rows["episodes"], 1)
    rows["sampled"] = rows["weight"] if "episodes" not in rows else rows["episodes"]
    return rows.drop(columns="episodes", errors="ignore").assign(row=np.arange(1, length + 1))


def _converted(name: str, column: Column) -> pd.Series:
    match name:
        case "pool":
            return column.pools()
        case "return" | "oracle" | "random":
            return column.numbers()
        case "length":
            return column.numbers(0)
        case "solved" | "flip_p":
            return column.numbers(0, 1)
        case "seed" | "pool_seed" | "n_train_levels" | "step" | "episodes":
            return column.counts()
    return column.texts()


def _lacking(source: Source, name: str) -> str:
    """The message for a missing column, with its remedies."""
    remedy = {
        "pool": "use --pool train or --pool test, --column pool=NAME, or --pattern",
        "return": "use --column return=NAME",
        "run": "use --column run=NAME or --column seed=NAME, --pattern, or --set run=NAME if all "
        "of it is one run",
    }[name]
    there = [str(column) for column in source.rows.columns]
    names = ", ".join([name, *COLUMNS[name][:3]])
    what = "run or seed" if name == "run" else name
    return (
        f"{source.path}: no column for the {what} ({names}, ...) among {', '.join(there)}: {remedy}"
    )


def _refuse_copies(rows: pd.DataFrame, sources: Sequence[Source]) -> None:
    """Refuse duplicate rows, which would count twice."""
    key = [*_LEVEL, "episode"]
    numbered = rows["episode"].notna()
    # Without episode numbers, equal returns on a level may be episodes or copies. Where even the
    # level is unknown they count as episodes; copies of all of them would not change the mean.
    whole = [*_LEVEL, "return", *AVERAGED]
    for part, columns, what in (
        (rows[numbered], key, "the same episode"),
        (rows[~numbered & (rows["level_id"] != UNKNOWN_LEVEL)], whole, "the same"),
    ):
        copies = part[part.duplicated(columns, keep=False)]
        if copies.empty:
            continue
        first = copies.iloc[0]
        groups = copies.groupby(columns, dropna=False, sort=False).ngroup()
        same = copies[groups == groups.iloc[0]]
        one, other = (
            f"{sources[int(row['source'])].path} row {row['row']}"
            for _, row in same.head(2).iterrows()
        )
        where = f"run {first['run']!r}, {first['pool']}, level {first['level']}"
        hint = "if they are episodes, number them in a column episode, or use --repeats"
        raise ImportedFileError(f"{one} and {other} are {what} ({where}): {hint}")


def _refuse_shared_levels(rows: pd.DataFrame) -> None:
    """Refuse levels that are in two pools of a run."""
    played = rows[rows["level_id"] != UNKNOWN_LEVEL]
    pairs = played.drop_duplicates([*RUN, "level_id", "pool"])
    shared = pairs[pairs.duplicated([*RUN, "level_id"])]
    if not shared.empty:
        first = shared.iloc[0]
        raise ImportedFileError(
            f"run {first['run']!r}: level {first['level']} is in two pools; use --own-numbers if "
            "each pool has its own numbering"
        )


def _refuse_missing_pools(rows: pd.DataFrame) -> None:
    """Refuse runs without both training and held-out returns under a condition."""
    pools = set(rows["pool"])
    for pool in ("train", "test"):
        if pool not in pools:
            raise ImportedFileError(
                f"there are only {' and '.join(sorted(pools))} returns, none of {pool}: a gap "
                "needs both, in one import"
            )
    present = rows.drop_duplicates([*RUN, "condition", "pool"])
    for (*_, run, _, _, condition), part in present.groupby([*RUN, "condition"], sort=True):
        for pool in ("train", "test"):
            if pool not in set(part["pool"]):
                cell = part.iloc[0]
                raise ImportedFileError(
                    f"run {run!r} of {cell['agent']}/{cell['network']} has no {pool} returns under "
                    f"{condition!r}: a gap needs both"
                )


def _averaged(rows: pd.DataFrame) -> pd.DataFrame:
    """Average the episodes of one run on one level, and keep their number."""
    weight = rows["weight"]
    names = ["return", *AVERAGED]
    sums = rows[_LEVEL].assign(weight=weight, sampled=rows["sampled"], single=weight)
    # If, say, success is missing for some episodes of a level, its rate is unknown: nan stays.
    sums = sums.assign(**{name: rows[name] * weight for name in names})
    groups = sums.groupby(_LEVEL, sort=True)
    means = groups[["weight", "sampled", *names]].sum()
    whole = groups[names].count().eq(groups.size(), axis=0)
    means[names] = means[names].where(whole).div(means["weight"], axis=0)
    episodes = rows.groupby(_LEVEL, sort=True)["return"]
    # The variance of single episodes cannot be computed from means of several.
    means["variance"] = episodes.var(ddof=1).where(groups["single"].max() == 1)
    return means.assign(exact=means["sampled"] == 0).reset_index()


def _with_final(rows: pd.DataFrame) -> pd.DataFrame:
    """Mark the last step at which a run has returns for all of its pools."""
    key = [*RUN, "condition"]
    steps = rows.drop_duplicates([*key, "pool", "step"])
    pools = steps.groupby(key)["pool"].transform("nunique")
    here = steps.groupby([*key, "step"])["pool"].transform("nunique")
    last = steps[here == pools].groupby(key)["step"].max().rename("last").reset_index()
    marked = rows.merge(last, on=key, how="left", validate="many_to_one")
    if marked["last"].isna().any():
        first = marked[marked["last"].isna()].iloc[0]
        raise ImportedFileError(
            f"run {first['run']!r}: its pools have no step in common, so no gap would compare one "
            "policy with itself"
        )
    return marked.assign(final=marked["step"] == marked["last"]).drop(columns="last")
