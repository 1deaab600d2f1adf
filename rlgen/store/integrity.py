"""Whether each file of a store is as it was written: by its sum, or by the hash in its name.

Of what is damaged every file is named; readers stop at the first.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from rlgen.errors import DamagedStoreError
from rlgen.store import accesses, schemas
from rlgen.store.bundle import WEIGHTS
from rlgen.store.run_store import RunStore
from rlgen.util import checked_json, segments, sums
from rlgen.util.hashing import digest

#: Folders of a store besides itself whose files have sums beside them, and are replaced.
SUMMED = ("parts", "history")


def damages(store: RunStore) -> Iterator[str]:
    """A line for each file that is not as it was written, that is missing, or that is too much."""
    for folder in ("", *SUMMED):
        yield from _replaced(store.path / folder, store.path)
    yield from _segments(store.path)
    try:
        inventory = store.inventory()
    except DamagedStoreError:
        return  # of a segment, which is named
    for kind, names in zip(segments.KINDS, (inventory.runs, inventory.extra), strict=True):
        for name in sorted(names):
            yield from _sealed(store.path / kind / name, store.path)
    for path in sorted((store.path / "splits").glob("*.json")):
        try:
            if digest(checked_json.read(path, schemas.SPLIT)) != path.stem:
                yield f"{_name(path, store.path)}: its name is not the hash of its levels"
        except DamagedStoreError as error:
            yield _line(error, store.path)
    for path in sorted((store.path / "access").glob("*.json")):
        try:
            accesses.read(path)
        except DamagedStoreError as error:
            yield _line(error, store.path)


def _replaced(folder: Path, root: Path) -> Iterator[str]:
    """Of a folder whose files are replaced: those that its sums name."""
    try:
        names = sorted(sums.sums_of(folder))
    except DamagedStoreError as error:
        yield _line(error, root)
        return
    for name in names:
        yield from _file(folder / name, root)


def _sealed(folder: Path, root: Path) -> Iterator[str]:
    """Of a run: those that its sums name, and no others; weights may be gone, with a bundle."""
    try:
        named = set(sums.sums_of(folder))
    except DamagedStoreError as error:
        yield _line(error, root)
        return
    there = set(segments.names(folder)) - {sums.NAME}
    if not named:
        return  # of an earlier version
    for name in sorted(named | there):
        if name in there or not name.endswith(WEIGHTS):
            yield from _file(folder / name, root)


def _file(path: Path, root: Path) -> Iterator[str]:
    try:
        sums.read(path)
    except FileNotFoundError:
        yield f"{_name(path, root)}: is missing, which {sums.NAME} beside it names"
    except DamagedStoreError as error:
        yield _line(error, root)
    except OSError as error:
        yield f"{_name(path, root)}: cannot be read: {error.strerror or error}"


def _segments(root: Path) -> Iterator[str]:
    """Of segments: that each is what it was when it got its name."""
    for path in sorted((root / segments.FOLDER).glob(f"[!.]*{segments.ENDING}")):
        try:
            segments.read_segment(path)
            with path.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != path.stem:
                    yield f"{_name(path, root)}: is not as it was written: its name is another hash"
        except DamagedStoreError as error:
            yield _line(error, root)
        except OSError as error:
            yield f"{_name(path, root)}: cannot be read: {error.strerror or error}"


def _name(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()


def _line(error: DamagedStoreError, root: Path) -> str:
    return str(error.args[0]).replace(f"{root}/", "")
