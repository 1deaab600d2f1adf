"""A checked table of returns -> a store, which is there whole or not at all."""

import os
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
from rlgen.store.importing.columns import Asked
from rlgen.store.importing.readers import Source, read
from rlgen.store.importing.tidy import RUN, Table, tidy
from rlgen.store.run_store import RunStore
from rlgen.util import files
from rlgen.util.hashing import digest
from rlgen.util.version import __version__

#: The condition by which a report judges, and of which learning curves are drawn.
MAIN = "plain"


@dataclass(frozen=True)
class Outcome:
    """What an import did.

    Attributes:
        store: The store.
        runs: How many runs it holds.
        returns: How many returns were read.
        ignored: Columns of the files that were not used.
        already: Whether it was there before, from the same files in the same way.
    """

    store: RunStore
    runs: int
    returns: int = 0
    ignored: tuple[str, ...] = ()
    already: bool = False


@dataclass(frozen=True)
class _Run:
    id: str
    rows: pd.DataFrame
    settings: Mapping[str, Any]
    manifest: Mapping[str, Any]

    @property
    def entry(self) -> dict[str, Any]:
        """What the store's plan says of it."""
        told = self.settings
        n = told["n_train_levels"]
        levels = "an unknown number of" if n == UNTOLD else f"{n:,}"
        label = f"{told['agent']}/{told['network']} on {levels} levels of {told['family']}"
        label += f", run {told['run']}"
        return {"id": self.id, "label": label, "settings": dict(told)}


def import_files(
    paths: Sequence[Path], out: Path, asked: Asked, *, command: Sequence[str] | None = None
) -> Outcome:
    """Read files of returns into a new store.

    Args:
        paths: The files, see ``readers.read``.
        out: The store's folder. One that is there is never changed.
        asked: What is told of the files.
        command: The command line, for provenance; that of this process by default.

    Raises:
        RlgenError: One line for the first thing that is wrong; nothing is written then.
    """
    sources = [read(path, asked.last) for path in paths]
    table = tidy(sources, asked)
    declared = _declared(out, sources, table, asked)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        return _already(out, declared)
    runs = list(_runs(table, asked))
    told = _provenance(sources, command or sys.argv)
    _write(out, declared, runs, told)
    return Outcome(
        RunStore(out), len(runs), sum(len(source.rows) for source in sources), table.ignored
    )


def _declared(out: Path, sources: Sequence[Source], table: Table, asked: Asked) -> Imported:
    faced = sorted(set(table.rows["condition"]), key=lambda name: (name != MAIN, name))
    notes = [note for source in sources for note in source.notes]
    if asked.own_numbers:
        notes.append("Each pool numbers its levels for itself: that they share none was told.")
    if asked.repeats:
        notes.append("Rows that are equal count as further episodes, as was told.")
    if len(set(table.rows["step"])) > 1:
        notes.append("Of each run the last step counts at which it has returns of all its pools.")
    options: dict[str, str | int] = {
        "own_numbers": asked.own_numbers,
        "repeats": asked.repeats,
        "last": asked.last,
        "pools": ", ".join(asked.pools),
        "pattern": asked.pattern,
    }
    return Imported(
        name=out.resolve().name,
        files={source.path.as_posix(): source.sha256 for source in sources},
        columns=dict(table.columns),
        given=dict(asked.given),
        options={name: str(value) for name, value in options.items()},
        conditions=tuple(faced),
        notes=tuple(notes),
    )


def _already(out: Path, declared: Imported) -> Outcome:
    """What is there is left alone; the same import again is no mistake."""
    if not (out / "store.json").is_file():
        raise StoreError(f"{out}: is there already; choose another folder")
    store = RunStore(out)
    told = store.declared()
    if not isinstance(told, Imported):
        raise StoreError(f"{out}: holds the study {told.name!r}; choose another folder")
    if not declared.same_as(told):
        same = set(declared.files.values()) == set(told.files.values())
        what = "the same files, read in another way" if same else "the import of other files"
        raise StoreError(f"{out}: holds {what}, and is never changed; choose another folder")
    return Outcome(store, len(store.done()), already=True)


def _runs(table: Table, asked: Asked) -> Iterator[_Run]:
    for key, rows in table.rows.groupby(RUN, sort=True):
        settings = {
            name: value.item() if isinstance(value, np.generic) else value
            for name, value in zip(RUN, key, strict=True)
        }
        final = rows[rows["final"]]
        pools = {
            str(pool): _pool(part["level_id"], table.levels)
            for pool, part in final.groupby("pool", sort=True)
        }
        manifest = {
            "imported": True,
            "family": settings["family"],
            "own_numbers": asked.own_numbers,
            "pools": pools,
        }
        yield _Run(digest({"imported": settings})[:16], rows, settings, manifest)


def _pool(level_ids: pd.Series, names: Mapping[int, str]) -> dict[str, Any] | None:
    """Which levels a pool holds as far as the files tell; None if they do not."""
    ids = sorted({int(number) for number in level_ids})
    if UNKNOWN_LEVEL in ids:
        return None
    return {"ids": ids} | ({"names": [names.get(i, str(i)) for i in ids]} if names else {})


def _provenance(sources: Sequence[Source], command: Sequence[str]) -> dict[str, Any]:
    """Of this machine only what has read the files: where the runs were made is not known."""
    read_from = [f"{source.path.as_posix()} (SHA-256 {source.sha256})" for source in sources]
    return {
        "made": "elsewhere; rlgen has read the returns, and has trained and measured nothing",
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
    folder = out.resolve()
    aside = folder.with_name(f".{folder.name}.{os.getpid()}.importing")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        store = RunStore.create_imported(aside, declared, [run.entry for run in runs])
        for run in runs:
            _write_run(store, run, provenance)
        if not files.publish(aside, folder):
            raise StoreError(f"{out}: is there already; choose another folder")
    except OSError as error:
        raise StoreError(f"{out}: cannot be written to: {error.strerror or error}") from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)


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
    told = final.rename(columns=renamed)
    return told.assign(run_id=run.id, p_timeout=np.nan, manifest=manifest)


def _curve(run: _Run) -> pd.DataFrame:
    """Mean returns at each step, under the main condition; none if there is one step alone."""
    rows = run.rows[run.rows["step"] != UNTOLD]
    if rows["step"].nunique() < 2:
        return pd.DataFrame(columns=records.CURVES.names)
    faced = set(rows["condition"])
    main = MAIN if MAIN in faced else min(faced)
    groups = rows[rows["condition"] == main].groupby(["step", "pool"], sort=True)
    told = groups[["return", "solved"]].mean()
    told["n_levels"] = groups["level_id"].agg(lambda ids: 0 if (ids < 0).any() else len(ids))
    named = {"pool": "split", "return": "ret_mean", "solved": "p_solved"}
    return told.reset_index().rename(columns=named).assign(run_id=run.id, gap_low=np.nan)
