"""The files that stable-baselines3's callbacks and wrappers leave."""

import io
import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rlgen.errors import ImportedFileError, nearest
from rlgen.store.importing import tables
from rlgen.store.importing.source import LEARNING, Source
from rlgen.util.words import counted

#: The columns of a ``monitor.csv`` without those that copy an episode's info.
_MONITOR = ("r", "l", "t")
#: The most bytes that an archive may unpack to, and the most returns in it: a row of a table each.
MOST_BYTES, MOST_RETURNS = 2**28, 2**24
#: Kinds of arrays (numpy) that hold numbers: truth values, integers, and numbers with a point.
_NUMBERS = "biuf"
#: The name of the file of one environment of several.
_NUMBERED = re.compile(r"\d+(\.\d+)*\.monitor\.csv")


def evaluations(source: Source, data: bytes) -> Source:
    """Read what ``EvalCallback`` writes: T evaluations of n episodes each.

    ``timesteps`` ``(T,)``, ``results`` and ``ep_lengths`` ``(T, n)``, and where success is known
    ``successes`` ``(T, n)``. The file does not say on which levels the episodes were played. Where
    steps go back, training was resumed: what was measured from that step on is replaced by what
    follows.

    Raises:
        ImportedFileError: If it is not such a file.
    """
    path, arrays = source.path, _arrays(source, data)
    for name in ("timesteps", "results"):
        if name not in arrays:
            raise ImportedFileError(
                f"{path}: has no array {name!r}{nearest(name, arrays)}; an evaluations.npz of "
                "stable-baselines3 is expected"
            )
    for name in ("timesteps", "results", "ep_lengths", "successes"):
        if name in arrays and arrays[name].dtype.kind not in _NUMBERS:
            raise ImportedFileError(f"{path}: {name} are of type {arrays[name].dtype}, no numbers")
    steps, returns = arrays["timesteps"], arrays["results"]
    if steps.ndim != 1 or returns.ndim != 2 or len(steps) != len(returns):
        raise ImportedFileError(
            f"{path}: timesteps {steps.shape} and results {returns.shape}: must be (T,) and (T, n)"
        )
    if returns.size > MOST_RETURNS:
        raise ImportedFileError(
            f"{path}: has {returns.size:,} returns, and at most {MOST_RETURNS:,} of a file are read"
        )
    kept = _not_replaced(steps)
    steps, n = steps[kept], returns.shape[1]
    columns = {
        "step": np.repeat(steps, n),
        "episode": np.tile(np.arange(n), len(steps)),
        "return": returns[kept].ravel(),
    }
    for ours, theirs in (("length", "ep_lengths"), ("solved", "successes")):
        if theirs in arrays:
            if arrays[theirs].shape != returns.shape:
                raise ImportedFileError(
                    f"{path}: {theirs} {arrays[theirs].shape}: must be {returns.shape}, as results"
                )
            columns[ours] = arrays[theirs][kept].ravel()
    left_out = len(returns) - len(steps)
    notes = (
        () if not left_out else (f"{path}: a resumed run; {left_out} evaluations are replaced.",)
    )
    return source.holding(pd.DataFrame(columns), *notes)


def _not_replaced(steps: NDArray[Any]) -> NDArray[np.bool_]:
    """Which evaluations no later one of the same or a lower step replaces, bool ``(T,)``."""
    later = np.minimum.accumulate(steps[::-1])[::-1]
    kept: NDArray[np.bool_] = np.ones(len(steps), np.bool_)
    kept[:-1] = steps[:-1] < later[1:]
    return kept


def _arrays(source: Source, data: bytes) -> dict[str, NDArray[Any]]:
    try:
        # Never a pickle: loading results must not run code.
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            size = sum(entry.file_size for entry in archive.zip.infolist())
            if size > MOST_BYTES:
                raise ImportedFileError(f"{source.path}: unpacks to {size:,} bytes")
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        reason = (str(error).splitlines() or ["?"])[0]
        raise ImportedFileError(f"{source.path}: is not an npz file of numbers: {reason}") from None


def is_monitor(path: Path, data: bytes) -> bool:
    """Whether a CSV file is what ``Monitor`` writes, with or without its first lines."""
    if data.lstrip(b"\xef\xbb\xbf").startswith(b"#"):
        return True
    first = data.partition(b"\n")[0].decode("utf-8", "replace").strip().split(",")
    named = path.name.endswith("monitor.csv")
    return named and (first[:3] == list(_MONITOR) or all(map(tables.is_number, first)))


def begins_as_monitor(path: Path) -> bool:
    """Whether there is a file, and ``is_monitor`` by its beginning."""
    if not path.is_file():
        return False  # opening a pipe would wait for somebody to write
    try:
        with path.open("rb") as file:
            return path.suffix.lower() == ".csv" and is_monitor(path, file.read(65_536))
    except OSError:
        return False  # reading says why


def monitor(source: Source, data: bytes, last: int) -> Source:
    """Read what ``Monitor`` writes: a JSON comment, names of columns, one row per episode.

    Columns are ``r`` return, ``l`` length, ``t`` seconds since the start, and values copied from
    an episode's info. While an agent learns, its policy changes from episode to episode, so only
    the last episodes count. Files that were appended to one another have comments and names in
    between; a file that lost its first lines has neither.

    Args:
        source: The file.
        data: Its bytes.
        last: The number of last episodes to take; 0 takes all.

    Raises:
        ImportedFileError: If it is not such a file.
    """
    path, family = source.path, ""
    header, rows = b"", []
    for line in data.removeprefix(b"\xef\xbb\xbf").splitlines():
        if line.startswith(b"#"):
            family = _family(source, line) or family
        elif line.split(b",")[:3] == [name.encode() for name in _MONITOR]:
            if header and line != header:
                raise ImportedFileError(
                    f"{path}: was appended to with other columns, {line.decode('utf-8', 'replace')}"
                )
            header = line
        elif line.strip():
            rows.append(line)
    if not rows:
        raise ImportedFileError(f"{path}: has no rows")
    if not header and (rows[0].count(b",") != 2):
        raise ImportedFileError(
            f"{path}: has no line of names of columns (r,l,t,...), and its rows have "
            f"{counted(rows[0].count(b',') + 1, 'field')}"
        )
    header = header or ",".join(_MONITOR).encode()
    table = tables.csv(source, b"\n".join([header, *rows]), ",").rows
    table = table.rename(columns={"r": "return", "l": "length"}).assign(**{LEARNING: True})
    notes: tuple[str, ...] = ()
    if 0 < last < len(table):
        notes = (f"Of {path} the last {last:,} of {len(table):,} episodes.",)
        table = table.tail(last).reset_index(drop=True)
    facts = {"family": family} if family else {}
    numbered = replace(
        source,
        unused=source.unused | {"t"},
        environment=_NUMBERED.fullmatch(path.name) is not None,
    )
    return numbered.holding(table, *notes, **facts)


def _family(source: Source, comment: bytes) -> str:
    """The environment's id in the comment of a ``monitor.csv``; empty where it has none."""
    try:
        head = json.loads(comment.decode("utf-8-sig").lstrip("#"))
    except (ValueError, RecursionError):
        head = None
    if not isinstance(head, dict):
        raise ImportedFileError(
            f"{source.path}: a line of it is a comment, but not the JSON of a monitor.csv of "
            "stable-baselines3"
        )
    family = head.get("env_id")
    return family.strip() if isinstance(family, str) else ""
