"""What an import refuses: one line for the first thing that is wrong, and its remedy."""

from collections.abc import Mapping, Sequence

import pandas as pd

from rlgen.analysis.stats.tables import UNKNOWN_LEVEL, UNTOLD
from rlgen.errors import ImportedFileError
from rlgen.store.importing.columns import AVERAGED, COLUMNS, LEVEL, RUN
from rlgen.store.importing.source import Source
from rlgen.util.words import counted


def refuse_same_files(sources: Sequence[Source], constants: Sequence[Mapping[str, str]]) -> None:
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


def lacking(source: Source, name: str) -> str:
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


def refuse_copies(rows: pd.DataFrame, sources: Sequence[Source]) -> None:
    """Refuse duplicate rows, which would count twice."""
    key = [*LEVEL, "episode"]
    numbered = rows["episode"].notna()
    # Without episode numbers, equal returns on a level may be episodes or copies. Where even the
    # level is unknown they count as episodes; copies of all of them would not change the mean.
    whole = [*LEVEL, "return", *AVERAGED]
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


def refuse_shared_levels(rows: pd.DataFrame) -> None:
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


def refuse_further_levels(rows: pd.DataFrame) -> None:
    """Refuse runs with returns on more training levels than they were trained on."""
    played = rows[(rows["pool"] == "train") & (rows["level_id"] != UNKNOWN_LEVEL)]
    counts = played[played["n_train_levels"] != UNTOLD].groupby(RUN)["level_id"].nunique()
    for _, own in counts.reset_index().iterrows():
        if own["level_id"] > own["n_train_levels"]:
            raise ImportedFileError(
                f"run {own['run']!r} of {own['agent']}/{own['network']} has returns on "
                f"{counted(int(own['level_id']), 'training level')}, and n_train_levels is "
                f"{own['n_train_levels']:,}: levels that it was not trained on are held out"
            )


def refuse_missing_pools(rows: pd.DataFrame) -> None:
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


def refuse_environments(sources: Sequence[Source], constants: Sequence[Mapping[str, str]]) -> None:
    """Refuse the files of one run's environments as those of several runs."""
    first: dict[object, tuple[Source, dict[str, str]]] = {}
    for source, own in zip(sources, constants, strict=True):
        if not source.environment:
            continue
        run = {name: own[name] for name in ("run", "seed") if name in own}
        folder = source.path.resolve().parent
        other, others = first.setdefault(folder, (source, run))
        if run != others:
            raise ImportedFileError(
                f"{other.path} and {source.path} are two environments of one run, as "
                "stable-baselines3 names them, not two runs: take the run from the folder, as in "
                "--pattern '{run}/*.monitor.csv', or give files of different runs other names"
            )


def refuse_swapped_bounds(rows: pd.DataFrame, sources: Sequence[Source]) -> None:
    """Refuse a best return (oracle) that is not above the random one."""
    swapped = rows[rows["oracle"] <= rows["random"]]
    if not swapped.empty:
        first = swapped.iloc[0]
        raise ImportedFileError(
            f"{sources[int(first['source'])].path} row {first['row']}: oracle is the best return "
            f"and random that of random actions, so {first['oracle']:g} must be above "
            f"{first['random']:g}"
        )


def refuse_groups(rows: pd.DataFrame) -> None:
    """Refuse groups that only some rows have, of levels that nobody knows, and two of one level."""
    hint = "groups (--column group=NAME) are of levels"
    without = rows[rows["group"].isna()]
    if not without.empty:
        raise ImportedFileError(f"run {without.iloc[0]['run']!r}: has rows without a group: {hint}")
    unknown = rows[rows["level_id"] == UNKNOWN_LEVEL]
    if not unknown.empty:
        raise ImportedFileError(f"run {unknown.iloc[0]['run']!r}: levels are not known: {hint}")
    pairs = rows.drop_duplicates(["pool", "level_id", "group"])
    double = pairs[pairs.duplicated(["pool", "level_id"], keep=False)]
    if not double.empty:
        first = double.iloc[0]
        same = (double["pool"] == first["pool"]) & (double["level_id"] == first["level_id"])
        one, other = double.loc[same, "group"].astype(str).head(2)
        raise ImportedFileError(
            f"{first['pool']} level {first['level']}: is of group {one!r} and of group {other!r}: "
            f"{hint}"
        )
