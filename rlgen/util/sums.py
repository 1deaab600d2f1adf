"""SHA-256 of the files of a folder that is never changed once it is written."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from rlgen.errors import DamagedStoreError

#: The file with the sums, by the names of the other files of its folder.
NAME = "sha256.json"


def write(folder: Path) -> None:
    """Write the sums of all files of a folder beside them."""
    sums = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
        if path.is_file() and path.name != NAME
    }
    (folder / NAME).write_text(json.dumps(sums, separators=(",", ":")) + "\n", encoding="utf-8")


def read(path: Path) -> bytes:
    """The bytes of a file, compared with its sum if its folder has one.

    Folders that earlier versions wrote have none.

    Raises:
        DamagedStoreError: If the file is not as it was written.
        OSError: If it cannot be read.
    """
    data = path.read_bytes()
    expected = _sums(path.parent / NAME).get(path.name)
    if expected is not None and hashlib.sha256(data).hexdigest() != expected:
        raise DamagedStoreError(
            f"{path}: is not as it was written (its SHA-256 is another than in {NAME}). Nothing "
            f"else is affected: move the folder {path.parent} away, and the same rlgen evaluate "
            "computes it again"
        )
    return data


def digest(folder: Path, *left_out: str) -> str:
    """A hash that tells two contents of a folder apart; empty for folders of earlier versions.

    Args:
        folder: With its sums.
        left_out: Names of files that do not count.
    """
    kept = {name: own for name, own in _sums(folder / NAME).items() if name not in left_out}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest() if kept else ""


def _sums(path: Path) -> Mapping[str, str]:
    try:
        sums = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise DamagedStoreError(f"{path}: cannot be read: {error}") from None
    if not isinstance(sums, dict):
        raise DamagedStoreError(f"{path}: must be a table of SHA-256 by name of file")
    return sums
