"""Files of returns -> one checked table: a row a run, pool, condition and level."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rlgen.analysis.stats.tables import CELL, UNKNOWN_LEVEL, UNTOLD
from rlgen.errors import ImportedFileError
from rlgen.store.importing.columns import COLUMNS, REQUIRED, Asked, from_path, matched
from rlgen.store.importing.readers import Source
from rlgen.store.importing.values import Column, level_ids

#: What a run is.
RUN = [*CELL, "run", "seed", "pool_seed"]
#: What is taken for granted where nothing is told.
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
#: Numbers that are averaged like returns; nan where they are not told.
AVERAGED = ("solved", "length", "oracle", "random")
_LEVEL = [*RUN, "pool", "condition", "step", "level_id"]


@dataclass(frozen=True)
class Table:
    """Everything of an import that has been checked.

    Attributes:
        rows: One row a run, pool, condition, step and level: columns of ``RUN``, ``pool``,
            ``condition``, ``step``, ``level_id``, ``return``, ``variance``, those of ``AVERAGED``,
            ``episodes``, ``exact`` and ``final``, whether it is of the last step that a run's pools
            have in common.
        levels: Name of each level id, where these are hashes of names.
        columns: The files' names of columns, by ours.
        ignored: Columns of the files that were not used.
    """

    rows: pd.DataFrame
    levels: Mapping[int, str]
    columns: Mapping[str, str]
    ignored: tuple[str, ...]


def tidy(sources: Sequence[Source], asked: Asked) -> Table:
    """One table of all files.

    Raises:
        ImportedFileError: One line for the first thing that is wrong.
    """
    asked.check(len(sources))
    parts: list[pd.DataFrame] = []
    columns: dict[str, str] = {}
    ignored: dict[str, None] = {}
    told = [_told(source, asked, number) for number, source in enumerate(sources)]
    _refuse_same_files(sources, told)
    for number, source in enumerate(sources):
        taken = matched(source, asked.columns)
        columns |= taken
        unused = set(map(str, source.rows.columns)) - set(taken.values()) - source.unused
        ignored |= dict.fromkeys(sorted(unused))
        parts.append(_typed(source, taken, told[number]).assign(source=number))
    rows = pd.concat(parts, ignore_index=True)
    names = rows["level"]
    played = names.notna()
    ids = pd.Series(UNKNOWN_LEVEL, rows.index, dtype=np.int64)
    ids[played] = level_ids(names[played])
    rows = rows.assign(level_id=ids)
    if not asked.repeats:
        _refuse_copies(rows, sources)
    if not asked.own_numbers:
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


def _refuse_same_files(sources: Sequence[Source], told: Sequence[Mapping[str, str]]) -> None:
    """The same results twice would be two runs, or count twice.

    Files of different runs may be equal, if their paths tell the runs apart: of agents that solve
    all there is, or nothing.
    """
    seen: dict[object, Source] = {}
    for source, known in zip(sources, told, strict=True):
        for key, what in (
            (source.path.resolve(), "is given twice"),
            ((source.sha256, *sorted(known.items())), "has the same content as {}"),
        ):
            if key in seen:
                raise ImportedFileError(f"{source.path}: {what.format(seen[key].path)}")
            seen[key] = source


def _told(source: Source, asked: Asked, number: int) -> dict[str, str]:
    """What is told of all rows of a file."""
    told = dict(asked.given)
    pool = {"pool": asked.pools[number if len(asked.pools) > 1 else 0]} if asked.pools else {}
    for more in (from_path(source.path.as_posix(), asked.pattern), pool):
        for name, value in more.items():
            if told.setdefault(name, value) != value:
                raise ImportedFileError(
                    f"{source.path}: {name} is told twice, {told[name]!r} and {value!r}"
                )
    return {**source.facts, **told}


def _typed(source: Source, taken: Mapping[str, str], told: Mapping[str, str]) -> pd.DataFrame:
    """Our columns of a file, each of its type."""
    path, length = source.path, len(source.rows)
    raw: dict[str, Column] = {}
    for name, column in taken.items():
        if name in told and name not in source.facts:
            raise ImportedFileError(
                f"{path}: {name!r} is told ({told[name]!r}) and is the column {column!r} as well"
            )
        raw[name] = Column(f"{path}, column {column!r}", source.rows[column])
    for name, value in told.items():
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
    """What to do about a column that a file does not have."""
    remedy = {
        "pool": "say --pool train or --pool test, --column pool=NAME, or --pattern",
        "return": "say --column return=NAME",
        "run": "say --column run=NAME or --column seed=NAME, --pattern, or --set run=NAME if all "
        "of it is one run",
    }[name]
    there = [str(column) for column in source.rows.columns]
    known = ", ".join([name, *COLUMNS[name][:3]])
    what = "run or seed" if name == "run" else name
    return (
        f"{source.path}: no column for the {what} ({known}, ...) among {', '.join(there)}: {remedy}"
    )


def _refuse_copies(rows: pd.DataFrame, sources: Sequence[Source]) -> None:
    """Rows that are there twice would count twice."""
    key = [*_LEVEL, "episode"]
    numbered = rows["episode"].notna()
    # Without numbers of episodes, equal returns on a level may be episodes or copies; where not
    # even the level is told they are episodes, of which copies would change no mean.
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
        hint = "number them in a column episode, or say --repeats, if they are episodes"
        raise ImportedFileError(f"{one} and {other} are {what} ({where}): {hint}")


def _refuse_shared_levels(rows: pd.DataFrame) -> None:
    """A held-out level that the agent has trained on is none."""
    played = rows[rows["level_id"] != UNKNOWN_LEVEL]
    pairs = played.drop_duplicates([*RUN, "level_id", "pool"])
    shared = pairs[pairs.duplicated([*RUN, "level_id"])]
    if not shared.empty:
        first = shared.iloc[0]
        raise ImportedFileError(
            f"run {first['run']!r}: level {first['level']} is in two pools; say --own-numbers if "
            "each pool numbers its levels for itself"
        )


def _refuse_missing_pools(rows: pd.DataFrame) -> None:
    """A gap needs training and held-out returns, of every run under every condition."""
    found = set(rows["pool"])
    for pool in ("train", "test"):
        if pool not in found:
            raise ImportedFileError(
                f"there are only {' and '.join(sorted(found))} returns, none of {pool}: a gap "
                "needs both, in one import"
            )
    known = rows.drop_duplicates([*RUN, "condition", "pool"])
    for (*_, run, _, _, condition), part in known.groupby([*RUN, "condition"], sort=True):
        for pool in ("train", "test"):
            if pool not in set(part["pool"]):
                cell = part.iloc[0]
                raise ImportedFileError(
                    f"run {run!r} of {cell['agent']}/{cell['network']} has no {pool} returns under "
                    f"{condition!r}: a gap needs both"
                )


def _averaged(rows: pd.DataFrame) -> pd.DataFrame:
    """Episodes of one run on one level averaged, their number kept."""
    weight = rows["weight"]
    names = ["return", *AVERAGED]
    sums = rows[_LEVEL].assign(weight=weight, sampled=rows["sampled"], single=weight)
    # A level of which some episodes do not tell, say, success has no known rate of it: nan stays.
    sums = sums.assign(**{name: rows[name] * weight for name in names})
    groups = sums.groupby(_LEVEL, sort=True)
    told = groups[["weight", "sampled", *names]].sum()
    whole = groups[names].count().eq(groups.size(), axis=0)
    told[names] = told[names].where(whole).div(told["weight"], axis=0)
    episodes = rows.groupby(_LEVEL, sort=True)["return"]
    # The variance of single episodes is not to be had from means of several.
    told["variance"] = episodes.var(ddof=1).where(groups["single"].max() == 1)
    return told.assign(exact=told["sampled"] == 0).reset_index()


def _with_final(rows: pd.DataFrame) -> pd.DataFrame:
    """Marks the last step at which a run has returns of all of its pools."""
    key = [*RUN, "condition"]
    steps = rows.drop_duplicates([*key, "pool", "step"])
    pools = steps.groupby(key)["pool"].transform("nunique")
    here = steps.groupby([*key, "step"])["pool"].transform("nunique")
    last = steps[here == pools].groupby(key)["step"].max().rename("last").reset_index()
    told = rows.merge(last, on=key, how="left", validate="many_to_one")
    if told["last"].isna().any():
        first = told[told["last"].isna()].iloc[0]
        raise ImportedFileError(
            f"run {first['run']!r}: its pools have no step in common, so that no gap is of one "
            "policy"
        )
    return told.assign(final=told["step"] == told["last"]).drop(columns="last")
