"""Readers of files of returns: raw tables, and the hash of each file."""

import hashlib
import io
import json
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from rlgen.errors import ImportedFileError, nearest

#: Suffixes of the files that can be read.
KINDS = (".csv", ".tsv", ".parquet", ".npz")


@dataclass(frozen=True)
class Source:
    """One file.

    Attributes:
        path: As on the command line.
        sha256: Of its bytes.
        rows: Strings from CSV; with our column names from stable-baselines3's files.
        facts: Values that hold for all of its rows.
        notes: What readers need to know about how it was read.
        unused: Columns that are known and not needed, and so not reported as ignored.
    """

    path: Path
    sha256: str
    rows: pd.DataFrame
    facts: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    unused: frozenset[str] = frozenset()


def read(path: Path, last: int) -> Source:
    """Read one file.

    Args:
        path: CSV, TSV, parquet, stable-baselines3's ``evaluations.npz`` or ``monitor.csv``.
        last: The number of last episodes to take from a ``monitor.csv``; 0 takes all.

    Raises:
        ImportedFileError: If it cannot be read, is empty, or is of no such kind.
    """
    kind = path.suffix.lower()
    if kind not in KINDS:
        raise ImportedFileError(
            f"{path}: files of kind {kind!r} cannot be read{nearest(kind, KINDS)}"
        )
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ImportedFileError(f"{path}: cannot be read: {error.strerror or error}") from None
    if not data.strip():
        raise ImportedFileError(f"{path}: is empty")
    empty = Source(path, hashlib.sha256(data).hexdigest(), pd.DataFrame())
    if kind == ".npz":
        source = _evaluations(empty, data)
    elif kind == ".parquet":
        source = _with(empty, _parquet(path, data))
    elif data.lstrip(b"\xef\xbb\xbf").startswith(b"#"):
        source = _monitor(empty, data, last)
    else:
        source = _with(empty, _csv(path, data, "\t" if kind == ".tsv" else ","))
    if source.rows.empty:
        raise ImportedFileError(f"{path}: has no rows")
    return source


def _with(source: Source, rows: pd.DataFrame) -> Source:
    return Source(source.path, source.sha256, rows)


def _csv(path: Path, data: bytes, separator: str = ",") -> pd.DataFrame:
    """Read every value as text: a column's type follows from its meaning, not its looks."""
    try:
        with warnings.catch_warnings():
            # A row with more fields than the header would be truncated, or shift all columns.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(
                io.BytesIO(data),
                sep=separator,
                dtype=str,
                keep_default_na=False,
                index_col=False,
                encoding="utf-8-sig",
            )
    except (
        ValueError,
        pd.errors.ParserWarning,
    ) as error:  # encodings, and pandas' own
        reason = (str(error).strip().splitlines() or ["?"])[0]
        raise ImportedFileError(f"{path}: is not valid CSV: {reason}") from None


def _parquet(path: Path, data: bytes) -> pd.DataFrame:
    try:
        rows: pd.DataFrame = pq.ParquetFile(io.BytesIO(data)).read().to_pandas()
    except (OSError, ValueError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0]
        raise ImportedFileError(f"{path}: is not a parquet file: {reason}") from None
    # Drop an index that was stored with it.
    return rows.reset_index(drop=True)


def _evaluations(source: Source, data: bytes) -> Source:
    """Read what stable-baselines3's ``EvalCallback`` writes: T evaluations of n episodes each.

    ``timesteps`` ``(T,)``, ``results`` and ``ep_lengths`` ``(T, n)``, and where success is known
    ``successes`` ``(T, n)``. The file does not say on which levels the episodes were played.
    """
    path = source.path
    try:
        # Never a pickle: loading results must not run code.
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, TypeError, zipfile.BadZipFile) as error:
        reason = (str(error).splitlines() or ["?"])[0]
        raise ImportedFileError(f"{path}: is not an npz file of numbers: {reason}") from None
    for name in ("timesteps", "results"):
        if name not in arrays:
            raise ImportedFileError(
                f"{path}: has no array {name!r}{nearest(name, arrays)}; an evaluations.npz of "
                "stable-baselines3 is expected"
            )
    steps, returns = arrays["timesteps"], arrays["results"]
    if steps.ndim != 1 or returns.ndim != 2 or len(steps) != len(returns):
        raise ImportedFileError(
            f"{path}: timesteps {steps.shape} and results {returns.shape}: must be (T,) and (T, n)"
        )
    n = returns.shape[1]
    columns = {
        "step": np.repeat(steps, n),
        "episode": np.tile(np.arange(n), len(steps)),
        "return": returns.ravel(),
    }
    for ours, theirs in (("length", "ep_lengths"), ("solved", "successes")):
        if theirs in arrays:
            if arrays[theirs].shape != returns.shape:
                raise ImportedFileError(
                    f"{path}: {theirs} {arrays[theirs].shape}: must be {returns.shape}, as results"
                )
            columns[ours] = arrays[theirs].ravel()
    return _with(source, pd.DataFrame(columns))


def _monitor(source: Source, data: bytes, last: int) -> Source:
    """Read what stable-baselines3's ``Monitor`` writes: a JSON comment, then one row per episode.

    Columns are ``r`` return, ``l`` length, ``t`` seconds since the start, and values copied from
    an episode's info. While an agent learns, its policy changes from episode to episode, so only
    the last episodes count.
    """
    path = source.path
    first, _, rest = data.partition(b"\n")
    try:
        head = json.loads(first.decode("utf-8-sig").lstrip("#"))
    except ValueError:
        head = None
    if not isinstance(head, dict):
        raise ImportedFileError(
            f"{path}: its first line is a comment, but not the JSON of a monitor.csv of "
            "stable-baselines3"
        )
    if not rest.strip():
        raise ImportedFileError(f"{path}: has no rows")
    rows = _csv(path, rest).rename(columns={"r": "return", "l": "length"})
    family = head.get("env_id")
    notes: tuple[str, ...] = ()
    if 0 < last < len(rows):
        notes = (f"Of {path} the last {last:,} of {len(rows):,} episodes.",)
        rows = rows.tail(last).reset_index(drop=True)
    return Source(
        path,
        source.sha256,
        rows,
        {"family": family} if isinstance(family, str) and family.strip() else {},
        notes,
        frozenset({"t"}),
    )
