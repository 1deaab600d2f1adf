"""What a store holds at one moment, by one look at its folders instead of one a cell."""

import glob
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rlgen.store import schemas
from rlgen.util import checked_json, segments


@dataclass(frozen=True)
class Inventory:
    """Which runs, and further parts of runs, are there; in folders or in segments.

    Attributes:
        path: Of the store.
        runs: Names of the folders of runs.
        extra: Names of the folders of further parts.
        readings: Cells whose readings an older version kept elsewhere.
        parts: The further parts of each cell, in the order of their names.
    """

    path: Path
    runs: frozenset[str]
    extra: frozenset[str]
    readings: frozenset[str]
    parts: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, path: Path, old_readings: Sequence[str], cell: str = "") -> "Inventory":
        """The inventory of a store.

        Args:
            path: Of the store.
            old_readings: Folders in which older versions kept readings, a file a cell.
            cell: The only one that is looked for; all by default.

        Raises:
            DamagedStoreError: If a segment is not as it was written.
        """
        while True:
            before = set(segments.all_of(path))
            if cell:
                runs = {cell} if segments.is_dir(path / "runs" / cell) else set()
            else:
                runs = _folders(path / "runs") | segments.folders(path, "runs")
            extra = _folders(path / "extra") | segments.folders(path, "extra")
            # What moved into a segment, or out of one, meanwhile may have been overlooked.
            if set(segments.all_of(path)) == before:
                break
        parts: dict[str, list[str]] = {}
        for name in sorted(extra):
            parts.setdefault(name.rpartition("-")[0], []).append(name)
        wanted = f"{glob.escape(cell) or '*'}.json"
        readings = {p.stem for name in old_readings for p in (path / name).glob(wanted)}
        return cls(path, frozenset(runs), frozenset(extra), frozenset(readings), parts)

    def has(self, cell: str) -> bool:
        """Whether the cell is done."""
        return cell in self.runs or cell in self.readings

    def folders(self, cell: str) -> list[Path]:
        """The folders of a cell's run: its own, and those of further parts."""
        own = [self.path / "runs" / cell] if cell in self.runs else []
        return [*own, *(self.path / "extra" / name for name in self.parts.get(cell, ()))]

    def files(self, cell: str, name: str) -> list[Path]:
        """The files of one name in a cell's folders."""
        paths = (folder / name for folder in self.folders(cell))
        return [path for path in paths if segments.is_file(path)]

    def file(self, cell: str, name: str) -> Path | None:
        """The first of ``files``."""
        return next(iter(self.files(cell, name)), None)

    def conditions(self, cell: str) -> set[str]:
        """Names of the conditions under which the cell's policy has been evaluated."""
        done: set[str] = set()
        for folder in self.folders(cell):
            done |= set(checked_json.read(folder / "conditions.json", schemas.CONDITIONS))
        return done


def _folders(folder: Path) -> set[str]:
    """Names of the folders in a folder."""
    try:
        with os.scandir(folder) as entries:
            return {entry.name for entry in entries if entry.is_dir()}
    except (FileNotFoundError, NotADirectoryError):
        return set()
