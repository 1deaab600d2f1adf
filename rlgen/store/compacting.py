"""Folding finished runs into few large files, and bringing them back; see ``util.segments``.

What is folded says the same, bit for bit: a folder is removed only once its segment is on disk and
has been read back, and nobody holds the cell. A kill at any moment leaves a run in its folder, in a
segment, or in both, which count as one.
"""

import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from rlgen.errors import DamagedStoreError, StoreError
from rlgen.store.bundle import WEIGHTS
from rlgen.store.run_store import RunStore
from rlgen.util import files, segments, sums

#: About how many bytes of runs go into one segment, and the most folders.
SIZE, MOST = 1 << 28, 5_000
#: Of members, which must not tell when they were folded: the same runs give the same bytes.
_DATE = (1980, 1, 1, 0, 0, 0)
#: How a folder is called on its way out.
_LEAVING = "leaving"


@dataclass
class Compaction:
    """What was done.

    Attributes:
        folders: How many folders were folded, or brought back.
        files: How many files they had.
        segments: Names of the segments that were written, or removed.
        left: Why folders were left as they are, by folder.
    """

    folders: int
    files: int
    segments: tuple[str, ...]
    left: dict[str, str]


def compact(store: RunStore) -> Compaction:
    """Fold the runs of a store, and their further parts, into segments.

    Other commands may read the store and compute in it meanwhile.

    Raises:
        StoreError: If another command compacts it, or it cannot be written to.
    """
    with held(store):
        left: dict[str, str] = {}
        written: list[str] = []
        folded = _Counts()
        chosen = _chosen(store, left)
        for batch in _batches(chosen):
            path = _write(store, batch)
            written.append(path.name)
            _remove(store, batch, left, folded)
        # What a command that was killed had folded, and not removed.
        _remove(store, [f for f in _folders(store) if _is_folded(f)], left, folded)
        return Compaction(folded.folders, folded.files, tuple(written), left)


def expand(store: RunStore) -> Compaction:
    """Bring all runs of a store's segments back into folders, and remove the segments.

    What is damaged is brought back as it is: the folder's sums tell.

    Raises:
        StoreError: If another command compacts it, or it cannot be written to.
        DamagedStoreError: If a segment cannot be read.
    """
    with held(store):
        brought, counts = segments.all_of(store.path), _Counts()
        for segment in brought.values():
            for key in segment.folders:
                counts.files += bring_back(store, store.path / key)
                counts.folders += 1
        for segment in brought.values():
            segment.path.unlink()
        segments.forget()
        return Compaction(counts.folders, counts.files, tuple(brought), {})


def bring_back(store: RunStore, folder: Path) -> int:
    """Make a folder of one that lies in a segment; one that is there is left alone.

    Returns:
        How many files it has.
    """
    places = segments.files(folder)
    if places is None or folder.is_dir():
        return 0
    aside = files.aside(store.path / ".rlgen" / "parts" / folder.name)
    aside.mkdir(parents=True)
    try:
        contents = segments.contents(folder, places)
        assert contents.keys() == places.keys(), "they are in the index"
        for name, content in contents.items():
            with (aside / name).open("xb") as file:
                file.write(content)
        files.publish(aside, folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return len(places)


@dataclass
class _Counts:
    folders: int = 0
    files: int = 0


@contextmanager
def held(store: RunStore) -> Iterator[None]:
    """Hold the store against other commands that compact it; what dead ones left is removed."""
    parts, folder = store.path / ".rlgen" / "parts", store.path / segments.FOLDER
    try:
        parts.mkdir(parents=True, exist_ok=True)
        folder.mkdir(exist_ok=True)
        (store.path / ".rlgen" / "locks").mkdir(exist_ok=True)
        with FileLock(store.path / ".rlgen" / "locks" / "compaction", timeout=0):
            files.remove_leftovers(folder)
            files.remove_leftovers(parts)
            for left in parts.glob(f"*.{_LEAVING}"):
                shutil.rmtree(left, ignore_errors=True)
            yield
    except Timeout:
        raise StoreError(f"{store.path}: another command is compacting it") from None
    except OSError as error:
        where = error.filename or store.path
        raise StoreError(f"{where}: cannot be written to: {error.strerror or error}") from None


def _folders(store: RunStore) -> Iterator[Path]:
    for kind in segments.KINDS:
        yield from sorted(path for path in (store.path / kind).glob("*") if path.is_dir())


def _is_folded(folder: Path) -> bool:
    """Whether a folder lies in a segment too, with the same sums."""
    places = segments.files(folder)
    if places is None or sums.NAME not in places:
        return False
    own = folder / sums.NAME
    if not own.is_file():
        return False
    return {sums.NAME: own.read_bytes()} == segments.contents(folder, [sums.NAME])


def _files(folder: Path) -> list[str]:
    """Names of the files of a folder by its sums; weights may be gone, with a bundle."""
    there = {path.name for path in folder.iterdir()}
    return [n for n in sorted(sums.sums_of(folder)) if n in there or not n.endswith(WEIGHTS)]


def _chosen(store: RunStore, left: dict[str, str]) -> Iterator[tuple[Path, list[str], int]]:
    """Folders that can be folded, with their files and bytes; why others cannot is noted."""
    for folder in _folders(store):
        key = f"{folder.parent.name}/{folder.name}"
        if segments.files(folder) is not None:
            if not _is_folded(folder):
                left[key] = "is another than the one in a segment"
            continue
        try:
            named = _files(folder)
            if not named:
                left[key] = "was written by an earlier version, without sums"
                continue
            named.append(sums.NAME)
            size = sum(len(sums.read(folder / name)) for name in named)
        except (DamagedStoreError, OSError) as error:
            left[key] = f"is damaged: {error}"
            continue
        there = sorted(path.name for path in folder.iterdir())
        if there != sorted(named):
            odd = min({*there} ^ {*named})
            left[key] = f"holds {odd!r}, which its sums do not name"
        else:
            yield folder, named, size


def _batches(
    chosen: Iterator[tuple[Path, list[str], int]],
) -> Iterator[list[Path]]:
    """Folders that go into one segment together."""
    batch: list[Path] = []
    total = 0
    for folder, _, size in chosen:
        batch.append(folder)
        total += size
        if total >= SIZE or len(batch) >= MOST:
            yield batch
            batch, total = [], 0
    if batch:
        yield batch


def _write(store: RunStore, batch: Sequence[Path]) -> Path:
    """Write a segment, read it back, and put it into its place."""
    target = store.path / segments.FOLDER
    aside = files.aside(target / "segment")
    try:
        index: dict[str, dict[str, tuple[int, int]]] = {}
        with aside.open("xb") as raw:
            with zipfile.ZipFile(raw, "w") as archive:
                for folder in batch:
                    key = f"{folder.parent.name}/{folder.name}"
                    index[key] = {}
                    for name in (*_files(folder), sums.NAME):
                        content = sums.read(folder / name)
                        index[key][name] = _add(archive, f"{key}/{name}", content), len(content)
                listed = json.dumps(index, separators=(",", ":")).encode()
                place = _add(archive, segments.INDEX, listed)
                archive.comment = segments.comment(place, listed)
            raw.flush()
            os.fsync(raw.fileno())
        _check(aside, batch)
        with aside.open("rb") as raw:
            own = hashlib.file_digest(raw, "sha256").hexdigest()
        path = target / f"{own}{segments.ENDING}"
        aside.rename(path)
        files.sync(target)
    finally:
        aside.unlink(missing_ok=True)
    return path


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> int:
    """Store a member; returns where its content begins in the file."""
    info = zipfile.ZipInfo(name, _DATE)
    archive.writestr(info, content)
    assert archive.fp is not None
    return archive.fp.tell() - len(content)


def _check(aside: Path, batch: Sequence[Path]) -> None:
    """Read back what was written, as whoever reads the store will."""
    segment = segments.read_segment(aside)
    with aside.open("rb") as raw:
        for folder in batch:
            own = segment.folders[f"{folder.parent.name}/{folder.name}"]
            for name, (place, size) in own.items():
                raw.seek(place)
                if raw.read(size) != (folder / name).read_bytes():
                    raise StoreError(f"{folder / name}: changed while it was folded; try again")


def _remove(store: RunStore, folded: Sequence[Path], left: dict[str, str], counts: _Counts) -> None:
    """Remove folders that lie in a segment, but for those at which other commands are."""
    for folder in folded:
        cell = folder.name if folder.parent.name == "runs" else folder.name.rpartition("-")[0]
        with store.claim(cell) as held:
            if not held:
                left[f"{folder.parent.name}/{folder.name}"] = "another command is at it"
                continue
            counts.folders += 1
            counts.files += len(segments.files(folder) or ())
            leaving = store.path / ".rlgen" / "parts" / f"{folder.name}.{os.getpid()}.{_LEAVING}"
            folder.rename(leaving)
            shutil.rmtree(leaving)
