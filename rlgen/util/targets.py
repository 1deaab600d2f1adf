"""Files that a command is told to write: one of another kind is never replaced."""

from pathlib import Path
from tempfile import TemporaryFile

from rlgen.errors import RlgenError
from rlgen.util import files

#: How files of a kind begin, in lower case.
BEGINNINGS = {
    "page": b"<!doctype html",
    "picture": b"\x89png",
    "JUnit file": b"<?xml",
    "bundle": b"\xfd7zxz\x00",
}


def check_replaceable(path: Path, kind: str) -> None:
    """Refuse to write where a file of another kind is: results, a protocol, what is being read.

    Nor is anything computed for a file in a folder that is not there or takes none.

    Args:
        path: Where a command is about to write.
        kind: Of ``BEGINNINGS``.

    Raises:
        RlgenError: If a folder is there, or something that is not of this kind and not empty, or if
            nothing can be written there.
    """
    beginning = BEGINNINGS[kind]
    try:
        if path.is_dir():
            raise RlgenError(f"{path}: is a folder, and no {kind}")
        if path.exists() and not path.is_file():
            return  # a device
        with TemporaryFile(dir=files.real(path).parent):
            pass
        if not path.exists():
            return
        with path.open("rb") as file:
            head = file.read(len(beginning))
    except OSError as error:
        raise RlgenError(f"{path}: cannot be written: {error.strerror}") from None
    if head and head.lower() != beginning:
        raise RlgenError(f"{path}: is there and is no {kind}; it is not replaced")


def write(path: Path, data: bytes) -> None:
    """Write what a command was told to: into devices and pipes, and to where links lead.

    Files are replaced as a whole. A store's own files are never written by this.
    """
    place = files.real(path)
    if place.exists() and not place.is_file():
        place.write_bytes(data)
    else:
        files.write_bytes(place, data)
