"""The folder of one study: written once, piece by piece, and never changed.

::

    store.json        what this folder is
    protocol.toml     the study as declared so far; earlier versions are in history/
    parts/NAME.toml   the parts of a suite, each by its name
    import.toml       instead of it, where the results came from elsewhere
    plan.json         every cell the study has asked for
    splits/HASH.json  which levels each pool holds
    runs/CELL/        one immutable folder a cell: of a policy its records, of agents made for
                      a calibration or for claims what detectors read of them
    extra/CELL-HASH/  records of conditions that were added later
    segments/HASH.zip runs and extra that ``compacting`` has folded into one file
    failures/CELL/    the traceback of a cell that failed last time it was tried
    access/           one file for each time that runs were chosen by their returns on a pool
    report.html       and summary.json: functions of the above, written anew each time
    .rlgen/           locks, logs, checkpoints of unfinished runs, a cache of reference returns

The store of a calibration has no protocol; its store.json says what it holds. Where older versions
kept readings, ``readings/`` of a calibration and ``clones/readings/`` of a study, they are read.
"""

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from filelock import FileLock, Timeout

from rlgen.errors import DamagedStoreError
from rlgen.store import accesses, probed, schemas
from rlgen.store.checkpoints import Checkpoints
from rlgen.store.inventory import Inventory
from rlgen.store.outputs import PROBES_FILE
from rlgen.store.preparing import not_counted
from rlgen.store.study_folder import StudyFolder
from rlgen.util import checked_json, files, segments, sums
from rlgen.util.checked_json import Contents, Schema
from rlgen.util.hashing import digest

if TYPE_CHECKING:
    import pandas as pd

#: In a run's folder: what detectors read of agents.
READINGS = "readings.json"
#: Bytes of a traceback that are shown.
MOST_TOLD = 100_000
#: In a run's folder: what a cell of an experiment measured.
MEASUREMENTS = "measurements.json"
#: Folders in which older versions kept readings, a file a cell.
OLD_READINGS = ("readings", "clones/readings")


class RunStore(StudyFolder):
    """A study on disk: what was asked for, and what has been computed."""

    def run_folder(self, cell: str) -> Path:
        """Where a cell's run is, or will be."""
        return files.child(self.path / "runs", cell)

    def has(self, cell: str) -> bool:
        """Whether the cell is done."""
        return segments.is_dir(self.run_folder(cell)) or self._old_reading(cell) is not None

    def inventory(self, cell: str = "") -> Inventory:
        """What the store holds now, by one look at its folders; of one cell, or of all."""
        return Inventory.of(self.path, OLD_READINGS, cell)

    def _old_reading(self, cell: str) -> Path | None:
        paths = (files.child(self.path / name, cell, ".json") for name in OLD_READINGS)
        return next((path for path in paths if path.is_file()), None)

    def conditions(self, cell: str) -> set[str]:
        """Names of the conditions under which the cell's policy has been evaluated."""
        return self.inventory(cell).conditions(cell)

    @contextmanager
    def claim(self, cell: str) -> Iterator[bool]:
        """Hold the cell against other commands on this store; yields whether that succeeded.

        The operating system lets go of the claim when its holder dies.
        """
        lock = FileLock(files.child(self.path / ".rlgen" / "locks", cell))
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
        folder = files.child(parts, f"{cell}.{uuid4().hex}")
        folder.mkdir()
        return folder

    def publish(
        self, aside: Path, cell: str, wanted: Sequence[str] = (), *, whole: bool = True
    ) -> None:
        """Make a finished folder part of the store.

        Args:
            aside: From ``aside``. Manifests of splits in its folder ``splits`` are kept once for
                all runs.
            cell: Whose it is.
            wanted: Names of what it holds of what was wanted: for records their conditions.
            whole: Whether it holds a whole run, or a further part of one that is stored.
        """
        for manifest in (aside / "splits").glob("*.json"):
            self.save_split(files.read_json(manifest), manifest.stem)
        shutil.rmtree(aside / "splits", ignore_errors=True)
        if wanted:
            files.write_json(aside / "conditions.json", sorted(wanted))
        sums.write(aside)
        final = self.run_folder(cell)
        if not whole:
            name = f"{cell}-{digest({'conditions': sorted(wanted)})[:8]}"
            final = self.path / "extra" / name
        files.publish(aside, final)
        self.checkpoints.settle(cell)
        shutil.rmtree(self.path / "failures" / cell, ignore_errors=True)

    @property
    def checkpoints(self) -> Checkpoints:
        """Of the cells that are being computed."""
        return Checkpoints(self.work_folder / "checkpoints")

    def save_split(self, manifest: Mapping[str, Any], manifest_hash: str) -> None:
        """Keep which levels a split holds."""
        path = files.child(self.path / "splits", manifest_hash, ".json")
        if not path.exists():
            files.write_json(path, manifest)

    @property
    def work_folder(self) -> Path:
        """Where executors keep what they need: logs, unfinished runs, a cache."""
        return self.path / ".rlgen"

    def fail(self, cell: str, why: str) -> Path:
        """Keep why a cell failed."""
        folder = files.child(self.path / "failures", cell)
        folder.mkdir(parents=True, exist_ok=True)
        files.write_text(folder / "traceback.txt", why)
        return folder / "traceback.txt"

    def has_recorded(self, cell: str, names: Sequence[str]) -> bool:
        """Whether the cell's run has all these files that a paper adds."""
        inventory = self.inventory(cell)
        return all(inventory.file(cell, name) is not None for name in names)

    def recorded(self, name: str, schema: Schema | None = None) -> Mapping[str, Any]:
        """What a JSON file that a paper adds to runs, or its cells write, holds, by cell."""
        inventory = self.inventory()
        paths = {cell: inventory.file(cell, name) for cell in sorted(inventory.runs)}
        own = {cell: path for cell, path in paths.items() if path is not None}
        return Contents(own, schema or schemas.RECORDED)

    def reading(self, cell: str) -> list[dict[str, Any]]:
        """What detectors read of the agents of a done cell; see ``calibration.reading``."""
        path = self._old_reading(cell) or self.run_folder(cell) / READINGS
        entries: list[dict[str, Any]] = checked_json.read(path, schemas.READINGS)
        return entries

    def read_cells(self) -> list[str]:
        """Ids of the done cells whose results are readings, sorted."""
        old = [p.stem for name in OLD_READINGS for p in (self.path / name).glob("*.json")]
        runs = self.inventory().runs
        return sorted({*old, *(c for c in runs if segments.is_file(self.run_folder(c) / READINGS))})

    def clones(self) -> list[dict[str, Any]]:
        """What detectors read of networks cloned for the claims."""
        return [entry for cell in self.read_cells() for entry in self.reading(cell)]

    def measurements(self) -> Mapping[str, Any]:
        """What cells of experiments measured, by cell; read on access."""
        return self.recorded(MEASUREMENTS)

    def failures(self) -> dict[str, str]:
        """What is known of the cells that failed and are not done."""
        paths = sorted((self.path / "failures").glob("*/traceback.txt"))
        return {
            path.parent.name: files.beginning(path, MOST_TOLD, self.path / "failures")
            for path in paths
            if path.is_file() and not self.has(path.parent.name)
        }

    def log_access(self, pool: str, purpose: str, manifest: str) -> None:
        """Note that somebody has looked at returns on a pool; see ``accesses.log``."""
        accesses.log(self.path / "access", pool, purpose, manifest)

    def accesses(self) -> list[dict[str, Any]]:
        """The entries of the log, the earliest first; see ``accesses.read``."""
        return [accesses.read(path) for path in sorted((self.path / "access").glob("*.json"))]

    def splits(self) -> Iterator[tuple[Path, dict[str, Any]]]:
        """The file and the content of every split, which is named by the hash of its content.

        Raises:
            DamagedStoreError: If one is not as it was written.
        """
        for path in sorted((self.path / "splits").glob("*.json")):
            yield path, self.split(path)

    def split(self, path: Path) -> dict[str, Any]:
        """One of ``splits``."""
        manifest: dict[str, Any] = checked_json.read(path, schemas.SPLIT)
        if digest(manifest) != path.stem:
            raise DamagedStoreError(f"{path}: its name is not the hash of its levels")
        return manifest

    def state(self) -> str:
        """A hash that changes whenever something a report shows does."""
        inventory = self.inventory()
        extra = [self.path / "extra" / name for name in sorted(inventory.extra)]
        return digest(
            {
                "protocol": files.read_text(self.declared_path),
                "parts": [
                    files.read_text(path) for path in sorted((self.path / "parts").glob("*.toml"))
                ],
                "runs": [[cell, _content(self.run_folder(cell))] for cell in self.done()],
                "extra": [[part.name, _content(part)] for part in extra],
                "plan": [[entry["id"], entry.get("facts")] for entry in self.plan()],
                "accesses": self.accesses(),
                "clones": [f"{cell}.json" for cell in self.read_cells()],
                # Only where there are some, so that older reports stay current.
                **({"measured": measured} if (measured := sorted(self.measurements())) else {}),
                "failures": self.failures(),
                **({"under_way": going} if (going := self.checkpoints.curves()) else {}),
            }
        )

    def done(self) -> list[str]:
        """Ids of the cells that are done, whose runs hold records and count, sorted."""
        plan, runs = self.plan(), self.inventory().runs
        others = {entry["id"] for entry in plan if not entry.get("records", True)}
        return sorted(runs - others - not_counted(plan, runs).keys())

    # Those that read tables import what reads them: it takes longer to import than what most
    # commands ask of a store.
    def records(self) -> "pd.DataFrame":
        """Every record, columns as in ``records.RECORDS``."""
        from rlgen.store import records

        return records.read(self._record_files(), records.RECORDS)

    def record_tables(self, columns: Sequence[str]) -> Iterator[Any]:
        """The records file by file, so that not all of them need be in memory: Arrow tables."""
        from rlgen.store import records

        return records.tables(self._record_files(), records.RECORDS, columns)

    def _record_files(self) -> list[Path]:
        inventory = self.inventory()
        folders = [folder for cell in self.done() for folder in inventory.folders(cell)]
        return [folder / "records.parquet" for folder in folders if not probed.is_part(folder)]

    def probed(self) -> dict[str, dict[str, Any]]:
        """What probes measured, by run and probe; of several versions of one the latest."""
        inventory = self.inventory()
        files_of = {cell: inventory.files(cell, PROBES_FILE) for cell in self.done()}
        return {cell: probed.read(paths) for cell, paths in files_of.items() if paths}

    def curves(self) -> "pd.DataFrame":
        """Every checkpoint, columns as in ``records.CURVES``."""
        from rlgen.store import records

        paths = [self.run_folder(cell) / "curve.parquet" for cell in self.done()]
        return records.read(paths, records.CURVES)

    def provenance(self, cells: Iterable[str] | None = None) -> dict[str, dict[str, Any]]:
        """How runs came about: of these cells, or of all with records."""
        folders = map(self.run_folder, self.done() if cells is None else cells)
        return {
            f.name: checked_json.read(f / "provenance.json", schemas.PROVENANCE) for f in folders
        }

    def trajectories(self) -> Mapping[str, list[dict[str, Any]]]:
        """The recorded episodes of each run, read when they are asked for."""
        paths = {cell: self.run_folder(cell) / "trajectories.json" for cell in self.done()}
        return Contents(paths, schemas.EPISODES)


def _content(run: Path) -> str:
    """A hash of what a run's folder holds but for when and where it came about."""
    return sums.digest(run, "provenance.json")
