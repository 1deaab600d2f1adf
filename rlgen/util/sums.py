"""SHA-256 of the files of a folder, beside them, so that a changed file is noticed."""

import errno
import hashlib
import json
import os
import re
import stat
import time
from collections.abc import Mapping
from pathlib import Path

from rlgen.errors import DamagedStoreError
from rlgen.util import segments

#: The file with the sums, by the names of the other files of its folder. While a file is replaced,
#: its old and its new sum stand there.
NAME = "sha256.json"
_SUM = re.compile("[0-9a-f]{64}")
#: The largest file of a store, in bytes.
MOST_BYTES = 1 << 31
#: How often a file is read whose sum is another, and seconds between: others may be replacing it.
ATTEMPTS, PAUSE = 5, 0.02


def of(data: bytes) -> str:
    """The SHA-256 of bytes, hex."""
    return hashlib.sha256(data).hexdigest()


def write(folder: Path) -> None:
    """Write the sums of all files of a folder beside them."""
    sums = {
        path.name: of(path.read_bytes())
        for path in sorted(folder.iterdir())
        if path.is_file() and path.name != NAME
    }
    (folder / NAME).write_text(text({name: [own] for name, own in sums.items()}), encoding="utf-8")


def text(sums: Mapping[str, list[str]]) -> str:
    """The content of a file of sums."""
    values = {name: own[0] if len(own) == 1 else own for name, own in sums.items()}
    return json.dumps(values, sort_keys=True, separators=(",", ":")) + "\n"


def read(path: Path) -> bytes:
    """The bytes of a file, compared with its sum if its folder has one.

    Folders that earlier versions wrote have none.

    Raises:
        DamagedStoreError: If the file is not as it was written, is too large, or is no file.
        OSError: If it cannot be read.
    """
    folder, name = path.parent, path.name
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(PAUSE)
        contents = _contents(folder, name, NAME)
        if name not in contents:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        data = contents[name]
        if name == NAME or NAME not in contents:
            return data
        sums = _parsed(contents[NAME], folder)
        expected = sums.get(name)
        # Elsewhere there are files without a sum, which earlier versions wrote; a run is sealed.
        if expected is None and not (sums and _is_sealed(path)):
            return data
        if expected and of(data) in expected:
            return data
    why = f"its SHA-256 is another than in {NAME}" if expected else f"{NAME} does not name it"
    raise DamagedStoreError(f"{path}: is not as it was written ({why}). {_remedy(path)}")


def _contents(folder: Path, *names: str) -> dict[str, bytes]:
    """The bytes of those files of a folder that are there: where it is, or in a segment."""
    contents = {}
    for name in names:
        path = folder / name
        try:
            contents[name] = _content(path)
        except FileNotFoundError:
            # A folder goes before one of its name in a segment, also if it lacks the file.
            if not folder.exists():
                return segments.contents(folder, names)
        except OSError as error:
            if name != NAME:
                raise
            raise DamagedStoreError(f"{path}: cannot be read: {error}") from None
    return contents


def _content(path: Path) -> bytes:
    """The bytes of a file where it is."""
    status = path.stat()
    # Reading a pipe would wait for somebody to write, reading a device might never end.
    if not stat.S_ISREG(status.st_mode):
        what = "is a folder" if stat.S_ISDIR(status.st_mode) else "is not a file"
        raise DamagedStoreError(f"{path}: {what}")
    if status.st_size > MOST_BYTES:
        raise DamagedStoreError(f"{path}: has more than {MOST_BYTES:,} bytes")
    # Without a buffer, which would be filled and copied.
    with path.open("rb", buffering=0) as file:
        return file.read()


def _is_sealed(path: Path) -> bool:
    """Whether a file is of a folder that was written at once, with the sums of all its files."""
    return path.parent.parent.name in ("runs", "extra")


_AGAIN = "the command that made it (rlgen evaluate, rlgen import) makes it again"


def _remedy(path: Path) -> str:
    if _is_sealed(path) and not path.parent.exists():
        return (
            "Nothing else is affected: rlgen compact --undo makes a folder of it again; move that "
            f"away, and {_AGAIN}"
        )
    if _is_sealed(path):
        return f"Nothing else is affected: move the folder {path.parent} away, and {_AGAIN}"
    return f"Bring it back from a copy; or, if it was changed on purpose, remove {NAME} beside it"


def digest(folder: Path, *left_out: str) -> str:
    """A hash that tells two contents of a folder apart; empty for folders of earlier versions.

    Args:
        folder: With its sums.
        left_out: Names of files that do not count.
    """
    kept = {name: own for name, own in sums_of(folder).items() if name not in left_out}
    return of(json.dumps(kept, sort_keys=True).encode()) if kept else ""


def sums_of(folder: Path) -> dict[str, list[str]]:
    """The sums of a folder: the one or two that a file of each name may have; empty without any.

    Raises:
        DamagedStoreError: If they cannot be read.
    """
    data = _contents(folder, NAME).get(NAME)
    return {} if data is None else _parsed(data, folder)


def _parsed(data: bytes, folder: Path) -> dict[str, list[str]]:
    """What a folder's file of sums says."""
    try:
        sums = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise DamagedStoreError(f"{folder / NAME}: cannot be read: {error}") from None
    if isinstance(sums, dict):
        own = {name: sum_ if isinstance(sum_, list) else [sum_] for name, sum_ in sums.items()}
        if _are_sums([each for several in own.values() for each in several]):
            return own
    raise DamagedStoreError(f"{folder / NAME}: must be a table of SHA-256 by name of file")


def _are_sums(values: list[object]) -> bool:
    try:
        return all(map(_SUM.fullmatch, values))  # type: ignore[arg-type]
    except TypeError:  # one is no text
        return False
