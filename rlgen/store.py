"""The folder of one study: written once, piece by piece, and never changed.

::

    store.json        what this folder is
    protocol.toml     the study as declared so far; earlier versions are in history/
    parts/ITEM.toml   the parts of a study of several, each by the item that it makes
    import.toml       instead of it, where the results came from elsewhere
    plan.json         every cell the study has asked for
    splits/HASH.json  which levels each pool holds
    runs/CELL/        one immutable folder a trained agent
    extra/CELL-HASH/  records of conditions that were added later
    failures/CELL/    the traceback of a cell that failed last time it was tried
    clones/           what checks read of networks cloned from the planner for the claims
    access/           one file for each time that runs were chosen by their returns on a pool
    report.html       and summary.json: functions of the above, written anew each time
    .rlgen/           locks, logs, and the cache of reference returns
"""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import uuid4

import pandas as pd
from filelock import FileLock, Timeout

from rlgen import files, records
from rlgen import imported as imports
from rlgen.errors import DamagedStoreError, ProtocolError, StoreError
from rlgen.imported import Imported
from rlgen.protocol import Protocol, digest, load, merged, parse

FORMAT = 1
#: In a run's folder or a later one: its episodes step by step.
STRIPS = "strips.json"
FOLDERS = ("runs", "splits", "extra", "failures", "history", "access", ".rlgen/logs")
#: Purpose of an access that chooses runs by their returns.
SELECTION = "selection"
#: Characters of a failed worker's output that are kept with the failure.
LOG_END = 20_000


class RunStore:
    """A study on disk.

    Args:
        path: An existing store; ``create`` makes one.

    Raises:
        StoreError: If the folder is not a store, or one of a later format.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not (path / "store.json").is_file():
            what = "is not an rlgen store" if path.exists() else "does not exist"
            raise StoreError(f"{path}: {what}")
        told = files.read_json(path / "store.json")
        if told.get("format") != FORMAT:
            raise StoreError(
                f"{path}: store format {told.get('format')!r}; this rlgen reads {FORMAT}"
            )

    @classmethod
    def create(
        cls,
        path: Path,
        protocol: Protocol,
        cells: Sequence[Mapping[str, Any]],
        parts: Sequence[Protocol] = (),
    ) -> "RunStore":
        """Open or make the store of a protocol and enter its cells.

        Args:
            path: The folder.
            protocol: What is asked for now; the store's protocol becomes the union.
            cells: ``{"id", "label", "settings", "facts"}`` of each cell; see ``cells.entries``.
            parts: Of the protocol; those that make an item are kept.

        Raises:
            StoreError: If the folder holds something else, another protocol, or is not writable.
        """
        if (path / "import.toml").is_file():
            raise StoreError(
                f"{path}: holds imported results, which nothing can be trained into; "
                "choose another folder"
            )
        try:
            path.mkdir(parents=True, exist_ok=True)
            (path / ".rlgen" / "locks").mkdir(parents=True, exist_ok=True)
            foreign = [p.name for p in path.iterdir() if p.name != ".rlgen"]
            if foreign and not (path / "store.json").is_file():
                raise StoreError(
                    f"{path}: is no rlgen store and not empty (holds {sorted(foreign)[0]!r}); "
                    "choose another folder"
                )
            with FileLock(path / ".rlgen" / "locks" / "store"):
                return cls._enter(path, protocol, cells, parts)
        except OSError as error:
            raise StoreError(f"{path}: cannot be written to: {error.strerror or error}") from None

    @classmethod
    def _enter(
        cls,
        path: Path,
        protocol: Protocol,
        cells: Sequence[Mapping[str, Any]],
        parts: Sequence[Protocol],
    ) -> "RunStore":
        store = cls._lay_out(path, protocol.name, protocol.claims)
        if (path / "protocol.toml").exists():
            before = store.protocol()
            if before.name != protocol.name:
                raise StoreError(
                    f"{path}: holds the study {before.name!r}, not {protocol.name!r}; "
                    "choose another folder"
                )
            try:
                protocol = merged(before, protocol)
            except ProtocolError as error:
                raise StoreError(f"{path}: {error}; choose another folder") from None
            if protocol != before:
                number = len(list((path / "history").iterdir())) + 1
                files.write_text(path / "history" / f"protocol-{number:03}.toml", before.text())
        files.write_text(path / "protocol.toml", protocol.text())
        known = store.parts()
        for part in parts:
            if part.item:
                (path / "parts").mkdir(exist_ok=True)
                union = merged(known[part.item], part) if part.item in known else part
                files.write_text(path / "parts" / f"{part.item}.toml", union.text())
        entries = {entry["id"]: entry for entry in store.plan()}
        entries |= {cell["id"]: dict(cell) for cell in cells}
        files.write_json(path / "plan.json", list(entries.values()))
        return store

    @classmethod
    def _lay_out(
        cls, path: Path, name: str, claims: Mapping[str, Sequence[float]] = MappingProxyType({})
    ) -> "RunStore":
        for folder in FOLDERS:
            (path / folder).mkdir(parents=True, exist_ok=True)
        if not (path / "store.json").exists():
            told: dict[str, Any] = {"format": FORMAT, "protocol": name}
            if claims:
                # Before anything is trained; the store takes no other margins from then on.
                now = datetime.now(UTC)
                told["claims"] = {
                    "sha256": digest(claims),
                    "declared": f"{now:%Y-%m-%d %H:%M} UTC",
                }
            files.write_json(path / "store.json", told)
        return cls(path)

    @classmethod
    def create_imported(
        cls, path: Path, declared: Imported, plan: Sequence[Mapping[str, Any]]
    ) -> "RunStore":
        """Make the store of results from elsewhere in a new folder, its runs to be published.

        Args:
            path: A folder that does not exist.
            declared: What was read.
            plan: ``{"id", "label", "settings"}`` of each run.
        """
        store = cls._lay_out(path, declared.name)
        (path / ".rlgen" / "locks").mkdir()
        files.write_text(path / "import.toml", declared.text())
        files.write_json(path / "plan.json", list(plan))
        return store

    @property
    def imported(self) -> bool:
        """Whether the results came from elsewhere, so that there is no protocol."""
        return (self.path / "import.toml").is_file()

    def declared(self) -> Protocol | Imported:
        """The study as declared so far, or what was imported."""
        path = self.path / ("import.toml" if self.imported else "protocol.toml")
        try:
            return imports.read(path) if self.imported else _protocol(path)
        except ProtocolError as error:
            raise DamagedStoreError(str(error)) from None

    def protocol(self) -> Protocol:
        """The study as declared so far.

        Raises:
            StoreError: If the results were imported, so that none was.
        """
        told = self.declared()
        if isinstance(told, Imported):
            raise StoreError(f"{self.path}: holds imported results and has no protocol")
        return told

    def parts(self) -> dict[str, Protocol]:
        """The parts asked for so far by the item that each makes, in the order of the items."""
        return {path.stem: _protocol(path) for path in sorted((self.path / "parts").glob("*.toml"))}

    def claims_declared(self) -> dict[str, str]:
        """``sha256`` of the claims' margins, and when they were ``declared``; empty without any."""
        told: dict[str, str] = files.read_json(self.path / "store.json").get("claims", {})
        return told

    def clones(self) -> list[dict[str, Any]]:
        """What checks read of networks cloned for the claims; see ``calibration.job.readings``."""
        found = sorted((self.path / "clones" / "readings").glob("*.json"))
        return [entry for path in found for entry in files.read_json(path)]

    def plan(self) -> list[dict[str, Any]]:
        """``id``, ``label``, ``settings`` and ``facts`` of every cell asked for, in order.

        Stores of earlier versions have no ``facts``.
        """
        path = self.path / "plan.json"
        told: list[dict[str, Any]] = files.read_json(path) if path.exists() else []
        return told

    def run_folder(self, cell: str) -> Path:
        """Where a cell's run is, or will be."""
        return self.path / "runs" / cell

    def has(self, cell: str) -> bool:
        """Whether the cell is done."""
        return self.run_folder(cell).is_dir()

    def conditions(self, cell: str) -> set[str]:
        """Names of the conditions under which the cell's policy has been evaluated."""
        done: set[str] = set()
        for folder in self._record_folders(cell):
            done |= set(files.read_json(folder / "conditions.json"))
        return done

    def _record_folders(self, cell: str) -> list[Path]:
        extra = sorted((self.path / "extra").glob(f"{cell}-*"))
        return [folder for folder in (self.run_folder(cell), *extra) if folder.is_dir()]

    @contextmanager
    def claim(self, cell: str) -> Iterator[bool]:
        """Hold the cell against other commands on this store; yields whether that succeeded.

        The operating system lets go of the claim when its holder dies.
        """
        lock = FileLock(self.path / ".rlgen" / "locks" / cell)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            yield False
            return
        try:
            yield True
        finally:
            lock.release()

    def aside(self, cell: str) -> Path:
        """A new folder in which to put a run together; leftovers of dead attempts are removed.

        Only the holder of the cell's claim may ask.
        """
        parts = self.path / ".rlgen" / "parts"
        parts.mkdir(exist_ok=True)
        for old in parts.glob(f"{cell}.*"):
            shutil.rmtree(old, ignore_errors=True)
        folder = parts / f"{cell}.{os.getpid()}"
        folder.mkdir()
        return folder

    def publish(self, aside: Path, cell: str, conditions: Sequence[str], *, trained: bool) -> None:
        """Make a finished folder part of the store.

        Args:
            aside: From ``aside``.
            cell: Whose it is.
            conditions: Names of those it holds records of.
            trained: Whether it holds a whole run, or further records of one that is stored.
        """
        files.write_json(aside / "conditions.json", sorted(conditions))
        final = self.run_folder(cell)
        if not trained:
            name = f"{cell}-{digest({'conditions': sorted(conditions)})[:8]}"
            final = self.path / "extra" / name
        files.publish(aside, final)
        shutil.rmtree(self.path / "failures" / cell, ignore_errors=True)

    def save_split(self, manifest: Mapping[str, Any], manifest_hash: str) -> None:
        """Keep which levels a split holds."""
        path = self.path / "splits" / f"{manifest_hash}.json"
        if not path.exists():
            files.write_json(path, manifest)

    @property
    def log_folder(self) -> Path:
        """Where workers write what they have to say."""
        return self.path / ".rlgen" / "logs"

    def log(self, cell: str) -> str:
        """The end of what the cell's last worker wrote, a traceback last if it raised."""
        path = self.log_folder / f"{cell}.log"
        return path.read_text(errors="replace")[-LOG_END:] if path.exists() else ""

    def fail(self, cell: str, why: str) -> Path:
        """Keep why a cell failed."""
        folder = self.path / "failures" / cell
        folder.mkdir(parents=True, exist_ok=True)
        files.write_text(folder / "traceback.txt", why)
        return folder / "traceback.txt"

    def _strips(self, cell: str) -> Path | None:
        """Where the cell's episodes are kept step by step, if they are."""
        found = (folder / STRIPS for folder in self._record_folders(cell))
        return next((path for path in found if path.is_file()), None)

    def has_strips(self, cell: str) -> bool:
        """Whether the cell's episodes are kept step by step."""
        return self._strips(cell) is not None

    def strips(self) -> Mapping[str, list[dict[str, Any]]]:
        """Episodes step by step of the runs that have some, see ``rlgen.strips``."""
        paths = {cell: self._strips(cell) for cell in self.done()}
        return files.JsonFiles({cell: path for cell, path in paths.items() if path is not None})

    def failures(self) -> dict[str, str]:
        """What is known of the cells that failed and are not done."""
        found = sorted((self.path / "failures").glob("*/traceback.txt"))
        return {p.parent.name: p.read_text() for p in found if not self.has(p.parent.name)}

    def log_access(self, pool: str, purpose: str, manifest: str) -> None:
        """Note that somebody has looked at returns on a pool, and what for.

        One new file an entry, so that commands at the same time do not overwrite each other's.

        Args:
            pool: "train", "validation" or "test".
            purpose: Such as ``SELECTION``, which spoils certificates on that pool.
            manifest: Hash of the split whose pool it is.
        """
        folder = self.path / "access"
        now = datetime.now(UTC)
        entry = {"pool": pool, "purpose": purpose, "manifest": manifest}
        try:
            folder.mkdir(exist_ok=True)
            files.write_json(
                folder / f"{now:%Y%m%dT%H%M%S}-{uuid4().hex[:12]}.json",
                entry | {"date": f"{now:%Y-%m-%d %H:%M} UTC"},
            )
        except OSError as error:
            raise StoreError(f"{folder}: cannot be written to: {error.strerror or error}") from None

    def accesses(self) -> list[dict[str, Any]]:
        """``pool``, ``purpose``, ``manifest`` and ``date`` of each entry, the earliest first."""
        return [files.read_json(path) for path in sorted((self.path / "access").glob("*.json"))]

    def state(self) -> str:
        """A hash that changes whenever something a report shows does."""
        return digest(
            {
                "protocol": self.declared().text(),
                "parts": [part.text() for part in self.parts().values()],
                "runs": self.done(),
                "extra": sorted(p.name for p in (self.path / "extra").iterdir()),
                "plan": [[entry["id"], entry.get("facts")] for entry in self.plan()],
                "accesses": self.accesses(),
                "clones": sorted(
                    p.name for p in (self.path / "clones" / "readings").glob("*.json")
                ),
                "failures": self.failures(),
            }
        )

    def done(self) -> list[str]:
        """Ids of the cells that are done, sorted."""
        return sorted(p.name for p in (self.path / "runs").iterdir() if p.is_dir())

    def records(self) -> pd.DataFrame:
        """Every record, columns as in ``records.RECORDS``."""
        return records.read(self._record_files(), records.RECORDS)

    def record_tables(self, columns: Sequence[str]) -> Iterator[Any]:
        """The records file by file, so that not all of them need be in memory: Arrow tables."""
        return records.tables(self._record_files(), records.RECORDS, columns)

    def _record_files(self) -> list[Path]:
        folders = [folder for cell in self.done() for folder in self._record_folders(cell)]
        return [folder / "records.parquet" for folder in folders]

    def curves(self) -> pd.DataFrame:
        """Every checkpoint, columns as in ``records.CURVES``."""
        return records.read(
            [self.run_folder(c) / "curve.parquet" for c in self.done()], records.CURVES
        )

    def provenance(self) -> dict[str, dict[str, Any]]:
        """How each run came about."""
        return {c: files.read_json(self.run_folder(c) / "provenance.json") for c in self.done()}

    def trajectories(self) -> Mapping[str, list[dict[str, Any]]]:
        """The recorded episodes of each run, read when they are asked for."""
        return files.JsonFiles({c: self.run_folder(c) / "trajectories.json" for c in self.done()})


def _protocol(path: Path) -> Protocol:
    return parse(load(path), str(path))
