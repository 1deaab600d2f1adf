"""Tables: CSV in its dialects, the wide exports of Weights & Biases, and parquet."""

import io
import re
import warnings
from collections.abc import Sequence
from csv import Error as CSVError
from csv import reader

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from rlgen.errors import ImportedFileError
from rlgen.store.importing.source import LEARNING, Source, is_return, is_rollout, logged_pool
from rlgen.util.words import counted

_SEPARATORS = (",", ";", "\t")
_DECIMAL_COMMA = re.compile(r"\s*[+-]?\d+,\d+\s*")
#: A column of Weights & Biases' wide export: one run's values of one metric.
_WIDE = re.compile(r"(?P<run>.+) - (?P<metric>\S.*?)(?P<bound>__MIN|__MAX)?")
_STEPS = ("step", "_step", "global_step", "train/global_step", "relative time (process)")


def csv(source: Source, data: bytes, separator: str = "") -> Source:
    """Read CSV, every value as text: a column's type follows from its meaning, not its looks.

    Args:
        source: The file.
        data: Its bytes.
        separator: The most frequent of comma, semicolon and tab in the first line if empty.

    Raises:
        ImportedFileError: If it is not valid, or its first row is no header.
    """
    first = data.partition(b"\n")[0].decode("utf-8", "replace")
    separator = separator or max(_SEPARATORS, key=first.count)
    rows = parsed(source, data, separator)
    _refuse_header(source, [str(name) for name in rows.columns])
    if separator == ";":
        decimal = rows.map(lambda value: bool(_DECIMAL_COMMA.fullmatch(value)))
        if decimal.any(axis=None):
            rows = rows.where(~decimal, rows.map(lambda value: value.replace(",", ".")))
            return _narrow(source.holding(rows, f"{source.path}: decimal commas were read."))
    return _narrow(source.holding(rows))


def parsed(source: Source, data: bytes, separator: str) -> pd.DataFrame:
    """The rows of a CSV file, each with as many fields as the header.

    Args:
        source: The file, for messages.
        data: Its bytes.
        separator: Between fields.
    """
    _refuse_ragged(source, data, separator)
    try:
        with warnings.catch_warnings():
            # A row with more fields than the header would be truncated, or shift all columns.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            rows = pd.read_csv(
                io.BytesIO(data),
                sep=separator,
                dtype=str,
                keep_default_na=False,
                index_col=False,
                encoding="utf-8-sig",
            )
    except (ValueError, pd.errors.ParserWarning) as error:  # encodings, and pandas' own
        reason = (str(error).strip().splitlines() or ["?"])[0]
        raise ImportedFileError(f"{source.path}: is not valid CSV: {reason}") from None
    return rows


def parquet(source: Source, data: bytes) -> Source:
    """Read parquet; named levels of a stored index are columns too.

    Raises:
        ImportedFileError: If it is not valid, or two of its columns have one name.
    """
    try:
        rows: pd.DataFrame = pq.ParquetFile(io.BytesIO(data)).read().to_pandas()
    except (OSError, ValueError, pa.ArrowException) as error:
        reason = (str(error).splitlines() or ["?"])[0]
        raise ImportedFileError(f"{source.path}: is not a parquet file: {reason}") from None
    return _narrow(source.holding(_without_index(source, rows)))


def _without_index(source: Source, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with named levels of their index as columns; others number rows, and are dropped."""
    levels = [str(name) for name in rows.index.names if name is not None]
    names = [*levels, *map(str, rows.columns)]
    double = next((name for name in levels if names.count(name) > 1), None)
    if double is not None:
        raise ImportedFileError(
            f"{source.path}: {double!r} is a level of its index and the name of a column or level "
            "beside it: rename one of them"
        )
    parts = [
        pd.Series(rows.index.get_level_values(number), name=str(name))
        for number, name in enumerate(rows.index.names)
        if name is not None
    ]
    return pd.concat([*parts, rows.reset_index(drop=True)], axis=1)


def is_number(text: str) -> bool:
    """Whether a field is a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def _refuse_ragged(source: Source, data: bytes, separator: str) -> None:
    """Refuse what is no text, and a row with fewer fields than the header: pandas would fill it."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:  # UTF-16 without a mark is valid UTF-8, with a zero after each letter
        raise ImportedFileError(
            f"{source.path}: is not valid CSV: it is not UTF-8 text; save it as UTF-8"
        )
    width, lines = 0, io.StringIO(text, newline="")
    try:
        for number, fields in enumerate(filter(None, reader(lines, delimiter=separator))):
            width = width or len(fields)
            if len(fields) < width:
                raise ImportedFileError(
                    f"{source.path}: row {number} has {counted(len(fields), 'field')}, and the "
                    f"header {width}"
                )
    except CSVError as error:
        raise ImportedFileError(f"{source.path}: is not valid CSV: {error}") from None


def _refuse_header(source: Source, names: Sequence[str]) -> None:
    """Refuse a first row of data in the header's place, or in its line."""
    number = next((name for name in names if is_number(name)), None)
    if number is not None:
        raise ImportedFileError(
            f"{source.path}: {number!r} is among the names of its columns: its first row has no "
            "header above it, or stands in the header's line; write the names in a line of their "
            "own"
        )


def _narrow(source: Source) -> Source:
    """A row per run, step and return of a wide export; other tables are left as they are."""
    names = [str(name) for name in source.rows.columns]
    matches = {name: _WIDE.fullmatch(name) for name in names}
    values = {n: m for n, m in matches.items() if m and is_return(m["metric"])}
    steps = [name for name in names if name.strip().lower() in _STEPS]
    if not values or not steps or any(not m and n not in steps for n, m in matches.items()):
        return source
    parts = []
    for name, match in values.items():
        if match["bound"]:
            continue
        rows = source.rows[source.rows[name].astype(str).str.strip() != ""]
        rows = rows[rows[name].notna()]
        pool = logged_pool(match["metric"])
        part = pd.DataFrame({"run": match["run"], "step": rows[steps[0]], "return": rows[name]})
        parts.append(part.assign(metric=match["metric"], pool=pool))
    rows = pd.concat(parts, ignore_index=True)
    metrics = sorted(set(rows["metric"]))
    unclear = [metric for metric in metrics if logged_pool(metric) is None]
    if unclear and len(metrics) > 1:
        raise ImportedFileError(
            f"{source.path}: holds {', '.join(metrics)}, and it is not clear of which pool "
            f"{unclear[0]!r} is: export each metric to a file of its own, and use --pool"
        )
    rows = rows.assign(**{LEARNING: rows["metric"].map(is_rollout)})
    note = (
        f"{source.path}: a wide export of Weights & Biases; the returns are {', '.join(metrics)}."
    )
    if len(metrics) == 1:
        facts = {} if unclear else {"pool": str(logged_pool(metrics[0]))}
        return source.holding(rows.drop(columns=["metric", "pool"]), note, **facts)
    return source.holding(rows.drop(columns="metric"), note)
