"""Writing a store as one file, see ``bundle``."""

import hashlib
import json
import lzma
import os
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rlgen.errors import StoreError
from rlgen.store import unpacking
from rlgen.store.bundle import (
    BLOCK,
    END,
    ENDING,
    FORMAT,
    MANIFEST,
    PAGES,
    TRACKING,
    WEIGHTS,
    Member,
)
from rlgen.util import files, segments, sums
from rlgen.util.targets import check_replaceable

#: Of xz: the level with a window of 8 MiB; higher ones do not gain a thousandth here.
_LEVEL = 6


@dataclass(frozen=True)
class Bundle:
    """What was written.

    Attributes:
        path: The file.
        size: Its bytes.
        members: The files of the store in it.
        left_out: Files of weights that are not in it.
    """

    path: Path
    size: int
    members: tuple[Member, ...]
    left_out: int


def write(store: Path, path: Path, *, weights: bool = False) -> Bundle:
    """Write the files of a store into one.

    Args:
        store: Its folder.
        path: The file; one that is there is replaced once the new one is whole.
        weights: Whether weights are among them.

    Raises:
        StoreError: If either cannot be read or written, or holds what a bundle cannot.
    """
    check_target(store, path)
    place = files.real(path)
    files.remove_leftovers(place.parent, place.name)
    aside = files.aside(place)
    try:
        paths = list(_files(store))
        chosen = [p for p in paths if weights or p.suffix != WEIGHTS]
        _check_whole(store)
        members = tuple(_member(store, p) for p in sorted(chosen, key=_place))
        with lzma.open(aside, "wb", preset=_LEVEL) as archive:
            manifest = json.dumps(_manifest(members, weights=weights), separators=(",", ":"))
            _add(archive, MANIFEST, manifest.encode())
            for member in members:
                content = sums.read(store / member.path)
                if hashlib.sha256(content).hexdigest() != member.sha256:
                    raise StoreError(f"{store / member.path}: changed while it was read; try again")
                _add(archive, member.path, content)
            archive.write(END)
        _check_readable(aside, path)
        aside.replace(place)
    except OSError as error:
        where = path if error.filename in (None, str(aside)) else error.filename
        raise StoreError(f"{where}: {error.strerror or error}") from None
    finally:
        with suppress(OSError):  # where a file stands in the place of its folder
            aside.unlink(missing_ok=True)
    return Bundle(path, path.stat().st_size, members, len(paths) - len(chosen))


def check_target(store: Path, path: Path) -> None:
    """Refuse a path that a store cannot be bundled to.

    Raises:
        StoreError: If it is that of a folder, or lies in the store.
        RlgenError: If another file is there.
    """
    if path.is_dir():
        example = f"{files.real(store).name}{ENDING}"
        raise StoreError(f"{path}: is a folder; name a file, such as {example}")
    if files.real(path).is_relative_to(files.real(store)):
        raise StoreError(f"{path}: lies in the store itself; choose a place outside of {store}")
    if path.exists() and not path.is_file():
        raise StoreError(f"{path}: is a device or a pipe, and no file that can be read again")
    check_replaceable(path, "bundle")


def _files(store: Path) -> Iterator[Path]:
    """Paths in the store of all files that a bundle holds, weights among them."""
    for folder, folders, names in os.walk(store):
        folders[:] = [name for name in folders if not name.startswith(".")]
        if Path(folder) == store:
            # What lies in segments is bundled as the folders that it was.
            folders[:] = [
                name for name in folders if name not in (*PAGES, segments.FOLDER, TRACKING)
            ]
        for name in [*names, *folders]:
            path = Path(folder) / name
            if name.startswith(".") or (name in (*PAGES, MANIFEST) and Path(folder) == store):
                continue
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                raise StoreError(f"{path}: is no file; a bundle holds neither links nor devices")
            if name in names:
                yield path.relative_to(store)
    for kind in segments.KINDS:
        for name in segments.folders(store, kind):
            if not (store / kind / name).exists():
                yield from (Path(kind, name, file) for file in segments.names(store / kind / name))


def _check_whole(store: Path) -> None:
    """Refuse a store of which a file is gone; weights may be, in one that a bundle was."""
    sealed = [path.parent for path in store.rglob(sums.NAME)]
    for kind in segments.KINDS:
        sealed += [store / kind / name for name in segments.folders(store, kind)]
    for folder in sealed:
        for name in sums.sums_of(folder):
            file = folder / name
            if not segments.is_file(file) and file.suffix != WEIGHTS:
                raise StoreError(f"{file}: is missing, which {sums.NAME} beside it names")


def _place(path: Path) -> tuple[str, str]:
    """Where a file stands in the archive: like beside like, which is a tenth smaller."""
    alike = path.name if path.parts[0] in ("runs", "extra") else path.parts[0]
    return alike, path.as_posix()


def _member(store: Path, path: Path) -> Member:
    content = sums.read(store / path)
    return Member(path.as_posix(), len(content), hashlib.sha256(content).hexdigest())


def _manifest(members: tuple[Member, ...], *, weights: bool) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "weights": weights,
        "files": [[member.path, member.size, member.sha256] for member in members],
    }


def _add(archive: lzma.LZMAFile, name: str, content: bytes) -> None:
    header = tarfile.TarInfo(name)
    header.size = len(content)
    try:
        archive.write(header.tobuf(tarfile.USTAR_FORMAT, "utf-8", "strict"))
    except ValueError as error:
        raise StoreError(f"{name}: cannot be in a bundle: {error}") from None
    archive.write(content)
    archive.write(bytes(-len(content) % BLOCK))


def _check_readable(aside: Path, path: Path) -> None:
    """Read what was written as whoever gets it will, before it takes its place."""
    for _ in unpacking.contents(aside, name=path):
        pass
