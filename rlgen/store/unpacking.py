"""Reading a bundle that anybody may have made.

Nothing of the archive decides where or what is written: the manifest is read and refused as a whole
before the first file is, every header must be the one that the manifest announces, and every
content must have its size and its SHA-256.
"""

import hashlib
import json
import lzma
import re
import shutil
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from rlgen.errors import RlgenError, StoreError
from rlgen.store.bundle import BLOCK, END, FORMAT, MAGIC, MANIFEST, Member
from rlgen.store.study_folder import FOLDERS
from rlgen.util import files

#: Most files of a bundle, levels of folders, and bytes of its manifest.
MOST_FILES, MOST_LEVELS, MOST_MANIFEST = 200_000, 8, 1 << 25
#: A store is at most so many times larger than its bundle, or as large as this: files that are made
#: to fill disks unpack to a thousand times their size, ours to three times.
MOST_TIMES, SMALL = 200, 1 << 26
#: Memory for the archive's window; ours need 9 MiB.
_MEMORY = 1 << 27
_CHUNK = 1 << 16
_HASH = re.compile(r"[0-9a-f]{64}")


class _Stream:
    """The content of an xz file, as many bytes at a time as are wanted."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._xz = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY)

    def read(self, size: int) -> bytes:
        """Exactly so many bytes."""
        parts, missing = [], size
        while missing:
            parts.append(self._some(missing))
            missing -= len(parts[-1])
            if not parts[-1] and self._xz.eof:
                raise ValueError("it ends too early")
        return b"".join(parts)

    def _some(self, most: int) -> bytes:
        data = b""
        if self._xz.eof:
            return data
        if self._xz.needs_input:
            data = self._file.read(_CHUNK)
            if not data:
                raise ValueError("it is cut off")
        return self._xz.decompress(data, min(most, _CHUNK))

    def check_end(self) -> None:
        """Refuse whatever follows."""
        while not self._xz.eof:
            if self._some(1):
                raise ValueError("it holds more than its manifest says")
        if self._xz.unused_data or self._file.read(1):
            raise ValueError("something follows its end")


def contents(path: Path, *, name: Path | None = None) -> Iterator[tuple[Member, bytes]]:
    """The files of a bundle, each with its content; none is given that is not as announced.

    Args:
        path: The bundle.
        name: What it is called where something is wrong with it.

    Raises:
        StoreError: One line, at the first thing that is wrong.
    """
    name = name or path
    try:
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise StoreError(f"{name}: is neither the folder of a store nor a bundle of one")
            file.seek(0)
            stream = _Stream(file)
            for member in _members(stream, path.stat().st_size):
                yield member, _content(stream, member)
            if stream.read(len(END)) != END:
                raise ValueError("it holds more than its manifest says")
            stream.check_end()
    except OSError as error:
        raise StoreError(f"{name}: cannot be read: {error.strerror or error}") from None
    except (ValueError, lzma.LZMAError, RecursionError, MemoryError) as error:
        raise StoreError(f"{name}: is no bundle that can be read: {error or 'too large'}") from None


def _members(stream: _Stream, size: int) -> list[Member]:
    header = _header(stream)
    if header.name != MANIFEST or header.size > MOST_MANIFEST:
        raise ValueError(f"it does not begin with {MANIFEST}; `rlgen bundle` makes those that do")
    try:
        manifest = json.loads(_padded(stream, header.size).decode())
    except UnicodeDecodeError:
        raise ValueError(f"{MANIFEST} is no text") from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        number = manifest.get("format") if isinstance(manifest, dict) else None
        raise ValueError(f"format {str(number)[:20]}; this rlgen reads {FORMAT}")
    listed = manifest.get("files")
    if not isinstance(listed, list) or len(listed) > MOST_FILES:
        raise ValueError(f"{MANIFEST} lists no files, or more than {MOST_FILES:,}")
    members = [_member(entry) for entry in listed]
    total, most = sum(member.size for member in members), max(SMALL, MOST_TIMES * size)
    if total > most:
        raise ValueError(
            f"it says that it unpacks to {total:,} bytes; at most {most:,} are believed"
        )
    _check_paths([member.path for member in members])
    return members


def _member(entry: Any) -> Member:
    if not isinstance(entry, list) or len(entry) != 3:
        raise ValueError(f"{MANIFEST} is damaged: {str(entry)[:80]}")
    path, size, sha256 = entry
    if not isinstance(path, str) or type(size) is not int or size < 0:
        raise ValueError(f"{MANIFEST} is damaged: {str(entry)[:80]}")
    if not isinstance(sha256, str) or not _HASH.fullmatch(sha256):
        raise ValueError(f"{MANIFEST} is damaged: {str(entry)[:80]}")
    return Member(path, size, sha256)


def _check_paths(paths: list[str]) -> None:
    """Refuse paths that lead elsewhere, or that are not those of different files."""
    files: set[str] = set()
    folders: set[str] = set()
    for path in paths:
        if path in files:
            raise ValueError(f"it holds {path[:80]!r} twice")
        files.add(path)
        parts = path.split("/")
        odd = any(part.startswith(".") or not part for part in parts) or not path.isprintable()
        if odd or len(parts) > MOST_LEVELS or "\\" in path or ":" in path or path == MANIFEST:
            raise ValueError(f"it holds {path[:80]!r}, which is no path of a store's file")
        folders |= {str(parent) for parent in PurePosixPath(path).parents}
    if files & folders:
        raise ValueError(f"it holds {min(files & folders)[:80]!r} as a file and as a folder")
    if "store.json" not in files:
        raise ValueError("it holds no store.json")


def _header(stream: _Stream) -> tarfile.TarInfo:
    """The next header, which must be that of a plain file."""
    try:
        header = tarfile.TarInfo.frombuf(stream.read(BLOCK), "utf-8", "strict")
    except tarfile.HeaderError as error:
        raise ValueError(f"a header is damaged ({error})") from None
    if header.type != tarfile.REGTYPE or header.linkname or header.size < 0:
        raise ValueError(f"it holds {header.name[:80]!r}, which is no plain file")
    return header


def _content(stream: _Stream, member: Member) -> bytes:
    header = _header(stream)
    if header.name != member.path or header.size != member.size:
        raise ValueError(
            f"it holds {header.name[:80]!r} ({header.size:,} bytes) where its manifest says "
            f"{member.path!r} ({member.size:,} bytes)"
        )
    content = _padded(stream, member.size)
    if hashlib.sha256(content).hexdigest() != member.sha256:
        raise ValueError(f"{member.path} is not what its SHA-256 in the manifest says")
    return content


def _padded(stream: _Stream, size: int) -> bytes:
    content = stream.read(size)
    if any(stream.read(-size % BLOCK)):
        raise ValueError("something is hidden between its files")
    return content


def unpack(path: Path, folder: Path, check: Callable[[Path], None] | None = None) -> None:
    """Make the store of a bundle anew: all of it, or nothing.

    Args:
        path: The bundle.
        folder: Does not exist yet, or is empty.
        check: Called with the unpacked folder before it takes its place; may raise.

    Raises:
        StoreError: One line, at the first thing that is wrong; nothing is left then.
    """
    whole = files.real(folder)
    files.remove_leftovers(whole.parent, whole.name)
    aside = files.aside(whole)
    try:
        aside.mkdir(parents=True)
        for member, content in contents(path):
            target = aside / member.path
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:
                file.write(content)
        for name in FOLDERS:  # of which an archive of files holds no empty ones
            (aside / name).mkdir(parents=True, exist_ok=True)
        if check is not None:
            check(aside)
        if whole.is_dir():
            whole.rmdir()
        aside.rename(whole)
    except RlgenError as error:  # of the check, which has not seen the bundle
        raise error.reworded(lambda line: line.replace(str(aside), str(path))) from None
    except OSError as error:
        raise StoreError(f"{folder}: cannot be written to: {error.strerror or error}") from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)
