"""Readers of files of returns: raw tables, and the hash of each file."""

import hashlib
from pathlib import Path

from rlgen.errors import ImportedFileError, nearest
from rlgen.store.importing import event_files, sb3_files, tables
from rlgen.store.importing.source import Source

#: Suffixes of the files that can be read.
KINDS = (".csv", ".tsv", ".parquet", ".npz")
#: What the names of TensorBoard's files hold.
EVENTS = ".tfevents."
#: The largest file, in bytes: tables are held in memory.
MOST_BYTES = 2 * 1024**3


def read(path: Path, last: int) -> Source:
    """Read one file.

    Args:
        path: CSV, TSV, parquet, stable-baselines3's ``evaluations.npz`` or ``monitor.csv``, or an
            event file of TensorBoard.
        last: The number of last episodes to take from a ``monitor.csv``; 0 takes all.

    Raises:
        ImportedFileError: If it cannot be read, is empty, or is of no such kind.
    """
    kind = path.suffix.lower()
    if kind not in KINDS and EVENTS not in path.name:
        raise ImportedFileError(
            f"{path}: files of kind {kind!r} cannot be read{nearest(kind, KINDS)}"
        )
    try:
        if path.exists() and not path.is_file():
            raise ImportedFileError(f"{path}: is not a file")
        if path.stat().st_size > MOST_BYTES:
            raise ImportedFileError(f"{path}: is larger than {MOST_BYTES:,} bytes")
        data = path.read_bytes()
    except OSError as error:
        raise ImportedFileError(f"{path}: cannot be read: {error.strerror or error}") from None
    if not data.strip():
        raise ImportedFileError(f"{path}: is empty")
    source = Source(path, hashlib.sha256(data).hexdigest())
    if EVENTS in path.name:
        source = event_files.events(source)
    elif kind == ".npz":
        source = sb3_files.evaluations(source, data)
    elif kind == ".parquet":
        source = tables.parquet(source, data)
    elif kind == ".csv" and sb3_files.is_monitor(path, data):
        source = sb3_files.monitor(source, data, last)
    else:
        source = tables.csv(source, data, "\t" if kind == ".tsv" else "")
    if source.rows.empty:
        raise ImportedFileError(f"{path}: has no rows")
    return source
