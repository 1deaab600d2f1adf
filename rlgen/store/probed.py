"""What probes measured of a run: the files, read and checked."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rlgen.errors import DamagedStoreError
from rlgen.store import schemas
from rlgen.store.outputs import PROBES_FILE, probe_of
from rlgen.util import checked_json, files, segments

#: What an entry says of a probe, and of each of its numbers; a value is null where there is none.
_PROBE: Mapping[str, type] = {"version": int, "looks_at": str, "baseline": bool, "numbers": dict}
_NUMBER: Mapping[str, type] = {"reason": str, "meaning": str}


def read(paths: Iterable[Path]) -> dict[str, Any]:
    """What the files of one run hold, by probe; of several versions of one the latest.

    Raises:
        DamagedStoreError: For a file that is none of probes.
    """
    latest: dict[str, Any] = {}
    for path in paths:
        for name, entry in files.read_table(path).items():
            _check(entry, _PROBE, f"{path}: {name}")
            for number, own in entry["numbers"].items():
                _check(own, _NUMBER, f"{path}: {name}: {number}")
                if own.get("value") is not None and type(own["value"]) not in (int, float):
                    raise DamagedStoreError(f"{path}: {name}: {number}: value must be a number")
            if name not in latest or latest[name]["version"] < entry["version"]:
                latest[name] = entry
    return latest


def is_part(folder: Path) -> bool:
    """Whether a further part of a run holds what probes measured, and no records."""
    if segments.is_file(folder / "records.parquet"):
        return False
    if not segments.is_file(folder / PROBES_FILE):
        return False
    return all(map(probe_of, checked_json.read(folder / "conditions.json", schemas.CONDITIONS)))


def _check(entry: Any, keys: Mapping[str, type], where: str) -> None:
    if not isinstance(entry, dict):
        raise DamagedStoreError(f"{where} must be an object")
    for key, kind in keys.items():
        if type(entry.get(key)) is not kind:
            raise DamagedStoreError(f"{where}: {key} must be of type {kind.__name__}")
