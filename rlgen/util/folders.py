"""Folders as plain values, which travel to another machine and become folders again."""

from collections.abc import Mapping
from pathlib import Path

from rlgen.errors import StoreError
from rlgen.util import files

#: The most bytes that one folder may hold.
MOST_BYTES = 2 * 2**30


def pack(folder: Path) -> dict[str, bytes]:
    """The content of every file, by its path below the folder.

    Raises:
        StoreError: If it is more than ``MOST_BYTES``.
        OSError: If a file cannot be read.
    """
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    if sum(path.stat().st_size for path in paths) > MOST_BYTES:
        raise StoreError(f"{folder}: holds more than {MOST_BYTES:,} bytes, too many to travel")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def unpack(contents: Mapping[str, bytes], into: Path) -> None:
    """Write files into a folder, which is made.

    Args:
        contents: See ``pack``.
        into: The folder.

    Raises:
        StoreError: If a path would leave the folder.
        OSError: If a file cannot be written.
    """
    into.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        path = into
        for part in name.split("/"):
            path = files.child(path, part)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
