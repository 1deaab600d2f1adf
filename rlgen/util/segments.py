"""Folders of a store that lie together in one file, read as if they were where they were.

A segment is ``STORE/segments/SHA256.zip``: a zip whose members are the files of folders, stored as
they are, so that ``unzip`` in the store brings them back. Its last member says where each file
begins; its comment says where that member is. It is written once, under the name of its hash.

A file is read by the path that it had. What lies in a folder goes before what lies in a segment.
"""

import hashlib
import os
import re
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from rlgen.errors import DamagedStoreError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

#: In a store, and in it kinds of folders that segments may hold.
FOLDER, KINDS = "segments", ("runs", "extra")
ENDING = ".zip"
#: The member that says where files are, and the most bytes that it may have.
INDEX, MOST_INDEX = "index.json", 1 << 28
#: The comment with which a segment ends: place, size and SHA-256 of the index.
_COMMENT = "rlgen segment 1 {:016d} {:016d} {}"
_COMMENTED = re.compile(rb"rlgen segment 1 (\d{16}) (\d{16}) ([0-9a-f]{64})")
LENGTH = len(_COMMENT.format(0, 0, "0" * 64))
#: What a folder and a file of a run are called.
_NAME = r"[^\s./\\:][^/\\:\x00-\x1f\x7f]{0,199}"

#: By file of a folder where it begins in its segment, and its size.
Places = Mapping[str, tuple[int, int]]


@dataclass(frozen=True)
class Segment:
    """One segment.

    Attributes:
        path: Its file.
        folders: By folder's path in the store, ``runs/CELL``, its files.
    """

    path: Path
    folders: Mapping[str, Places]


#: Of each store the segments read so far, which never change; and by folder which one holds it.
_read: dict[str, tuple[dict[str, Segment], dict[str, Segment]]] = {}


def forget() -> None:
    """Read segments again when they are needed: those that were read are kept in memory."""
    _read.clear()


def comment(place: int, index: bytes) -> bytes:
    """With what a segment ends whose index is at a place."""
    return _COMMENT.format(place, len(index), hashlib.sha256(index).hexdigest()).encode()


def all_of(root: Path) -> dict[str, Segment]:
    """The segments of a store by name.

    Raises:
        DamagedStoreError: If one is not as it was written.
    """
    return _of(str(root))[0]


def folders(root: Path, kind: str) -> set[str]:
    """Names of the folders of a kind that lie in a store's segments."""
    start = f"{kind}/"
    return {name[len(start) :] for name in _of(str(root))[1] if name.startswith(start)}


def files(folder: Path) -> Places | None:
    """The files of a folder that lies in a segment; None if it does not."""
    held = _held(folder)
    return None if held is None else held[1]


def names(folder: Path) -> list[str]:
    """Names of the files of a folder, wherever it lies, in ascending order; none if nowhere."""
    if folder.is_dir():
        return sorted(path.name for path in folder.iterdir())
    return sorted(files(folder) or ())


def is_file(path: Path) -> bool:
    """Whether a file is there, in its folder or in a segment."""
    if path.is_file():
        return True
    # What takes a folder's place hides the one in a segment.
    places = None if path.parent.exists() else files(path.parent)
    return places is not None and path.name in places


def is_dir(folder: Path) -> bool:
    """Whether a folder is there, or lies in a segment."""
    return folder.is_dir() or _held(folder) is not None


def contents(folder: Path, names: Iterable[str]) -> dict[str, bytes]:
    """The bytes of those files that a folder in a segment has; none if it lies in no segment.

    Raises:
        DamagedStoreError: If the segment is cut off.
    """
    for _ in range(2):
        held = _held(folder)
        if held is None:
            break
        path, places = held
        try:
            # Without a buffer, which would be filled and thrown away.
            with path.open("rb", buffering=0) as file:
                return {name: _bytes(file, *places[name]) for name in names if name in places}
        except FileNotFoundError:
            # Its folders have been brought back meanwhile, or it was moved away.
            forget()
    return {}


def read_segment(path: Path) -> Segment:
    """What is in a segment.

    Raises:
        DamagedStoreError: If it is not as it was written.
        OSError: If it cannot be read.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise DamagedStoreError(f"{path}: is not a file")
    size, reason = status.st_size, "its end is another"
    with path.open("rb", buffering=0) as file:
        ending = _COMMENTED.fullmatch(_bytes(file, max(0, size - LENGTH), min(LENGTH, size)))
        if ending is not None and int(ending[2]) <= MOST_INDEX:
            place, length = int(ending[1]), int(ending[2])
            index = _bytes(file, place, length) if place + length <= size else b""
            reason = "its index is another"
            if hashlib.sha256(index).hexdigest().encode() == ending[3]:
                return Segment(path, _checked(index, path, size))
    raise DamagedStoreError(f"{path}: is not as it was written ({reason}). {REMEDY}")


REMEDY = (
    "Bring it back from a copy, or unzip what can be read of it in the store and move it away; "
    "rlgen evaluate computes the runs again that are missing then"
)


@cache
def _schema() -> "TypeAdapter[dict[str, dict[str, tuple[int, int]]]]":
    """Of an index."""
    # Most commands read no segment, and some only answer.
    from pydantic import Field, TypeAdapter

    name = Annotated[str, Field(pattern=rf"^{_NAME}$")]
    path = Annotated[str, Field(pattern=rf"^({'|'.join(KINDS)})/{_NAME}$")]
    number = Annotated[int, Field(ge=0, lt=2**60)]
    return TypeAdapter(dict[path, dict[name, tuple[number, number]]])


def _checked(index: bytes, path: Path, size: int) -> Mapping[str, Places]:
    try:
        places = _schema().validate_json(index, strict=True)
    except ValueError:  # a ValidationError is one
        raise DamagedStoreError(f"{path}: {INDEX} in it is not as rlgen writes it") from None
    if any(place + length > size for own in places.values() for place, length in own.values()):
        raise DamagedStoreError(f"{path}: {INDEX} in it names places after its end")
    return places


def _bytes(file: FileIO, place: int, size: int) -> bytes:
    file.seek(place)
    data = file.read(size)
    while more := len(data) < size and file.read(size - len(data)):
        data += more
    if len(data) < size:
        raise DamagedStoreError(f"{file.name}: is cut off. {REMEDY}")
    return data


def _held(folder: Path) -> tuple[Path, Places] | None:
    """The segment that holds a folder, and the folder's files in it; None if none does."""
    above, name = os.path.split(str(folder))
    root, kind = os.path.split(above)
    if kind not in KINDS:
        return None
    # What was read of a segment stays true.
    root, key = root or ".", f"{kind}/{name}"
    segment = _read.get(root, ({}, {}))[1].get(key) or _of(root)[1].get(key)
    return None if segment is None else (segment.path, segment.folders[key])


def _of(root: str) -> tuple[dict[str, Segment], dict[str, Segment]]:
    """The segments of a store as they are now."""
    try:
        with os.scandir(f"{root}/{FOLDER}") as entries:
            names = sorted(entry.name for entry in entries if _is_segment(entry.name))
    except (FileNotFoundError, NotADirectoryError):
        names = []
    except OSError as error:
        raise DamagedStoreError(f"{root}/{FOLDER}: cannot be read: {error.strerror}") from None
    before = _read.get(root, ({}, {}))
    if list(before[0]) == names:
        return before
    try:
        paths = {name: Path(root, FOLDER, name) for name in names}
        segments = {name: before[0].get(name) or read_segment(p) for name, p in paths.items()}
    except OSError as error:
        raise DamagedStoreError(f"{error.filename}: cannot be read: {error.strerror}") from None
    by_folder = {key: own for own in segments.values() for key in own.folders}
    _read[root] = segments, by_folder
    return _read[root]


def _is_segment(name: str) -> bool:
    return name.endswith(ENDING) and not name.startswith(".")
