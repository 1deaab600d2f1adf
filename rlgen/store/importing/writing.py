"""Write a validated table of returns as a store, atomically."""

import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rlgen.analysis.stats.tables import UNKNOWN_LEVEL, UNTOLD
from rlgen.errors import StoreError
from rlgen.store import records
from rlgen.store.imported import Imported
from rlgen.store.importing.columns import RUN, ImportOptions
from rlgen.store.importing.readers import read
from rlgen.store.importing.source import Source
from rlgen.store.importing.tidy import Table, tidy
from rlgen.store.run_store import RunStore
from rlgen.util import files
from rlgen.util.hashing import digest
from rlgen.util.version import __version__
from rlgen.util.words import counted

#: The condition that a report judges by, and that learning curves show.
MAIN = "plain"


@dataclass(frozen=True)
class Outcome:
    """The result of an import.

    Attributes:
        store: The store.
        runs: The number of runs it holds.
        returns: The number of returns that were read.
        ignored: Columns of the files that were not used.
        already: Whether the store existed, from the same files read in the same way.
        again: The number of its runs that had been taken away, and were written again.
    """

    store: RunStore
    runs: int
    returns: int = 0
    ignored: tuple[str, ...] = ()
    already: bool = False
    again: int = 0


@dataclass(frozen=True)
class _Run:
    id: str
    rows: pd.DataFrame
    settings: Mapping[str, Any]
    manifest: Mapping[str, Any]

    @property
    def entry(self) -> dict[str, Any]:
        """Its entry in the store's plan."""
        settings = self.settings
        n = settings["n_train_levels"]
        levels = "an unknown number of levels" if n == UNTOLD else counted(n, "level")
        label = f"{settings['agent']}/{settings['network']} on {levels} of {settings['family']}"
        label += f", run {settings['run']}"
        return {"id": self.id, "label": label, "settings": dict(settings)}


def import_files(
    paths: Sequence[Path],
    out: Path,
    options: ImportOptions,
    *,
    command: Sequence[str] | None = None,
) -> Outcome:
    """Read files of returns into a new store.

    Args:
        paths: The files, see ``readers.read``.
        out: The store's folder. One that exists gets back the runs that it lacks, and is never
            changed otherwise.
        options: What the user says about the files.
        command: The command line, for provenance; that of this process by default.

    Raises:
        RlgenError: One line for the first thing that is wrong; then nothing is written.
    """
    sources = [read(path, options.last) for path in paths]
    table = tidy(sources, options)
    declared = _declared(out, sources, table, options)
    provenance = _provenance(sources, command or sys.argv)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        store = _already(out, declared)
        lacking = {entry["id"] for entry in store.plan()} - set(store.done())
        runs = [run for run in _runs(table, options) if run.id in lacking] if lacking else []
        _write_again(store, runs, provenance)
        return Outcome(store, len(store.done()), already=True, again=len(runs))
    runs = list(_runs(table, options))
    _write(out, declared, runs, provenance)
    return Outcome(
        RunStore(out), len(runs), sum(len(source.rows) for source in sources), table.ignored
    )


def _declared(
    out: Path, sources: Sequence[Source], table: Table, options: ImportOptions
) -> Imported:
    faced = sorted(set(table.rows["condition"]), key=lambda name: (name != MAIN, name))
    notes = [note for source in sources for note in source.notes]
    if options.own_numbers:
        notes.append("Each pool has its own numbering: that they share no level was declared.")
    if options.repeats:
        notes.append("Equal rows count as further episodes, as requested.")
    if len(set(table.rows["step"])) > 1:
        notes.append("For each run, the last step with returns for all its pools counts.")
    if table.learning:
        notes.append(
            "Training returns were measured while agents learned, with the exploration of training "
            "and before the evaluation that they are compared with: their gap is not that of one "
            "policy."
        )
    others: dict[str, str | int] = {
        "own_numbers": options.own_numbers,
        "repeats": options.repeats,
        "last": options.last,
        "pools": ", ".join(options.pools),
        "pattern": options.pattern,
    }
    return Imported(
        name=files.real(out).name,
        files={source.path.as_posix(): source.sha256 for source in sources},
        columns=dict(table.columns),
        given=dict(options.constants),
        options={name: str(value) for name, value in others.items()},
        conditions=tuple(faced),
        notes=tuple(notes),
    )


def _already(out: Path, declared: Imported) -> RunStore:
    """The store of the same import; repeating it is not an error.

    Raises:
        StoreError: If the folder holds something else.
    """
    if not (out / "store.json").is_file():
        raise StoreError(f"{out}: already exists; choose another folder")
    store = RunStore(out)
    present = store.declared()
    if not isinstance(present, Imported):
        raise StoreError(f"{out}: holds the study {present.name!r}; choose another folder")
    if not declared.same_as(present):
        same = set(declared.files.values()) == set(present.files.values())
        what = "the same files, read in another way" if same else "the import of other files"
        raise StoreError(f"{out}: holds {what} and is never changed; choose another folder")
    return store


def _runs(table: Table, options: ImportOptions) -> Iterator[_Run]:
    for key, rows in table.rows.groupby(RUN, sort=True):
        settings = {
            name: value.item() if isinstance(value, np.generic) else value
            for name, value in zip(RUN, key, strict=True)
        }
        final = rows[rows["final"]]
        pools = {
            str(pool): _pool(part["level_id"], table.levels, str(pool), table.groups)
            for pool, part in final.groupby("pool", sort=True)
        }
        manifest = {
            "imported": True,
            "family": settings["family"],
            "own_numbers": options.own_numbers,
            "pools": pools,
        }
        yield _Run(digest({"imported": settings})[:16], rows, settings, manifest)


def _pool(
    level_ids: pd.Series,
    names: Mapping[int, str],
    pool: str,
    groups: Mapping[tuple[str, int], str],
) -> dict[str, Any] | None:
    """The levels of a pool, with their names and groups; None where the files do not say."""
    ids = sorted({int(number) for number in level_ids})
    if UNKNOWN_LEVEL in ids:
        return None
    own = {"names": [names.get(i, str(i)) for i in ids]} if names else {}
    return {"ids": ids} | own | ({"values": [groups[pool, i] for i in ids]} if groups else {})


def _provenance(sources: Sequence[Source], command: Sequence[str]) -> dict[str, Any]:
    """Provenance of the reading only: where the runs were made is unknown."""
    read_from = [f"{source.path.as_posix()} (SHA-256 {source.sha256})" for source in sources]
    return {
        "made": "elsewhere; rlgen read the returns, and neither trained nor measured anything",
        "imported from": "; ".join(read_from),
        "imported": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": list(command),
        "versions": {"rlgen": __version__},
        "seconds": {},
    }


def _write(
    out: Path,
    declared: Imported,
    runs: Sequence[_Run],
    provenance: Mapping[str, Any],
) -> None:
    # Beside the store, so that it can be renamed into place.
    folder = files.real(out)
    files.remove_leftovers(folder.parent, folder.name)
    aside = files.aside(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        store = RunStore.create_imported(aside, declared, [run.entry for run in runs])
        for run in runs:
            _write_run(store, run, provenance)
        if not files.publish(aside, folder):
            raise StoreError(f"{out}: already exists; choose another folder")
    except OSError as error:
        raise StoreError(f"{out}: cannot be written to: {error.strerror or error}") from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _write_again(store: RunStore, runs: Sequence[_Run], provenance: Mapping[str, Any]) -> None:
    try:
        for run in runs:
            _write_run(store, run, provenance)
    except OSError as error:
        raise StoreError(f"{store.path}: cannot be written to: {error.strerror or error}") from None


def _write_run(store: RunStore, run: _Run, provenance: Mapping[str, Any]) -> None:
    manifest = digest(run.manifest)
    store.save_split(run.manifest, manifest)
    final = run.rows[run.rows["final"]]
    aside = store.aside(run.id)
    records.write(aside / "records.parquet", _records(run, final, manifest), records.RECORDS)
    records.write(aside / "curve.parquet", _curve(run), records.CURVES)
    files.write_json(aside / "trajectories.json", [])
    files.write_json(aside / "cell.json", {"id": run.id, "settings": dict(run.settings)})
    files.write_json(aside / "provenance.json", dict(provenance))
    store.publish(aside, run.id, sorted(set(final["condition"])))


def _records(run: _Run, final: pd.DataFrame, manifest: str) -> pd.DataFrame:
    renamed = {
        "pool": "split",
        "step": "checkpoint",
        "return": "ret_mean",
        "variance": "ret_var",
        "solved": "p_solved",
        "length": "len_mean",
        "oracle": "oracle_ret",
        "random": "random_ret",
        "sampled": "n_episodes",
    }
    rows = final.rename(columns=renamed)
    return rows.assign(run_id=run.id, p_timeout=np.nan, manifest=manifest)


def _curve(run: _Run) -> pd.DataFrame:
    """Mean returns at each step, under the main condition; none if there is only one step."""
    rows = run.rows[run.rows["step"] != UNTOLD]
    if rows["step"].nunique() < 2:
        return pd.DataFrame(columns=records.CURVES.names)
    faced = set(rows["condition"])
    main = MAIN if MAIN in faced else min(faced)
    groups = rows[rows["condition"] == main].groupby(["step", "pool"], sort=True)
    means = groups[["return", "solved"]].mean()
    means["n_levels"] = groups["level_id"].agg(lambda ids: 0 if (ids < 0).any() else len(ids))
    named = {"pool": "split", "return": "ret_mean", "solved": "p_solved"}
    return means.reset_index().rename(columns=named).assign(run_id=run.id, gap_low=np.nan)
