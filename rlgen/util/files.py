"""Atomic writes, JSON, and names of files that come from elsewhere."""

import json
import os
import platform
import re
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from glob import escape
from pathlib import Path
from typing import Any
from uuid import uuid4

from rlgen.errors import DamagedStoreError, StoreError
from rlgen.util import sums

#: What a file or folder is called while it is written; its host and process are part of the name.
_ASIDE = re.compile(r"\..+\.(?P<host>[^.]+)\.(?P<pid>\d+)\.[0-9a-f]{8}\.part", re.DOTALL)
#: Seconds after which such a file of another host is a leftover.
_OLD = 24 * 3600.0
#: A name that is one component of a path on every system.
NAME = r"[^\s./\\:][^/\\:\x00-\x1f\x7f]{0,199}"


def aside(path: Path) -> Path:
    """A name beside a path, unique among hosts and processes, to write to before a rename."""
    host = re.sub(r"[^A-Za-z0-9-]", "-", platform.node())[:40] or "-"
    return path.with_name(f".{path.name}.{host}.{os.getpid()}.{uuid4().hex[:8]}.part")


def remove_leftovers(folder: Path, name: str = "") -> None:
    """Remove what processes that have ended left aside in a folder.

    Args:
        folder: Where they wrote.
        name: Of the only file or folder that they wrote, if it is known.
    """
    for path in folder.glob(f".{escape(name) or '*'}.*.part"):
        match = _ASIDE.fullmatch(path.name)
        if match is not None and _is_left(path, match["host"], int(match["pid"])):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _is_left(path: Path, host: str, pid: int) -> bool:
    own = aside(path).name.split(".")[-4]
    try:
        if host != own:
            return time.time() - path.stat().st_mtime > _OLD
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return True
    except OSError:
        return False
    return False


def real(path: Path) -> Path:
    """The absolute path without links; unlike ``Path.resolve`` also of links in a circle."""
    return Path(os.path.realpath(path))


def child(folder: Path, name: str, suffix: str = "") -> Path:
    """The path of a file or folder whose name comes from a file.

    Raises:
        StoreError: If it would not lie directly in the folder.
    """
    if not re.fullmatch(NAME, name):
        raise StoreError(f"{folder}: {name[:300]!r} is not a name for a file")
    return folder / f"{name}{suffix}"


def write_bytes(path: Path, data: bytes) -> None:
    """Write a temporary file and rename it into place; those of dead attempts are removed."""
    remove_leftovers(path.parent, path.name)
    part = aside(path)
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        error.filename, error.filename2 = str(path), None  # not that of the temporary one
        raise
    sync(path.parent)


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically."""
    write_bytes(path, text.encode())


def replace(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Replace files of a folder that others may be reading, and their sums.

    A kill at any moment leaves files with sums that they may have. Files that are as they were
    are left alone.

    Args:
        folder: Of the files; nobody else may be replacing any.
        contents: By name.
    """
    before = sums.sums_of(folder)
    after = {name: [sums.of(data)] for name, data in contents.items()}
    changed = {
        name: data
        for name, data in contents.items()
        if before.get(name) != after[name] or not holds(folder / name, data)
    }
    if not changed:
        return
    both = {name: [*before.get(name, ()), *after[name]] for name in changed}
    write_text(folder / sums.NAME, sums.text(before | both))
    for name, data in changed.items():
        write_bytes(folder / name, data)
    write_text(folder / sums.NAME, sums.text(before | after))


def holds(path: Path, data: bytes) -> bool:
    """Whether a file is there and has exactly these bytes."""
    return path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data


def json_bytes(value: Any) -> bytes:
    """JSON for machines: sorted keys, no spaces; nan becomes null."""
    text = json.dumps(without_nan(value), sort_keys=True, separators=(",", ":"))
    return text.encode() + b"\n"


def write_json(path: Path, value: Any) -> None:
    """Write JSON for machines atomically; see ``json_bytes``."""
    write_bytes(path, json_bytes(value))


def without_nan(value: Any) -> Any:
    """Replace every nan by None, and numpy numbers by Python's, for JSON."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, dict):
        return {key: without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(item) for item in value]
    return None if isinstance(value, float) and value != value else value


def beginning(path: Path, most: int, folder: Path) -> str:
    """The text of a file, without what comes after so many bytes, of which that much is said.

    Raises:
        DamagedStoreError: If it is a link that leads out of the folder that it is in.
    """
    if not real(path).is_relative_to(real(folder)):
        raise DamagedStoreError(f"{path}: is a link to a file that is not of the store")
    with path.open("rb") as file:
        data = file.read(most + 1)
    text = data[:most].decode("utf-8", errors="replace")
    return text if len(data) <= most else f"{text}\n... ({path} has more)"


def read_text(path: Path) -> str:
    """The text of a file of a store, compared with its sum if it has one.

    Raises:
        DamagedStoreError: If it is missing, no text, or not as it was written.
    """
    try:
        return sums.read(path).decode("utf-8")
    except OSError as error:
        raise DamagedStoreError(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise DamagedStoreError(f"{path}: cannot be read: it is no text") from None


def read_json(path: Path) -> Any:
    """The content of a JSON file, compared with its sum if it has one.

    Raises:
        DamagedStoreError: If it is missing, not JSON, or not as it was written.
    """
    return parsed(read_text(path), path)


def parsed(text: str, path: Path) -> Any:
    """What the text of a JSON file says.

    Raises:
        DamagedStoreError: If it is not JSON.
    """
    try:
        return json.loads(text)
    except ValueError as error:
        raise DamagedStoreError(f"{path}: is not valid JSON: {error}") from None
    except RecursionError:
        raise DamagedStoreError(f"{path}: is not valid JSON: nested too deeply") from None


def read_table(path: Path) -> dict[str, Any]:
    """The content of a JSON file that holds an object.

    Raises:
        DamagedStoreError: See ``read_json``; or if it holds something else.
    """
    content = read_json(path)
    if not isinstance(content, dict):
        raise DamagedStoreError(f"{path}: must be a JSON object, not {type(content).__name__}")
    return content


def publish(part: Path, final: Path) -> bool:
    """Rename a folder into place, once all of its files are on disk.

    Returns:
        False if the final folder already exists; the other is then removed.
    """
    for file in [*part.iterdir(), part]:
        sync(file)
    try:
        part.rename(final)
    except OSError:
        if not final.is_dir():
            raise
        shutil.rmtree(part)
        return False
    sync(final.parent)
    return True


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
