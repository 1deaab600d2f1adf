"""The record tables: their columns, and reading and writing them."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from rlgen.errors import DamagedStoreError
from rlgen.util import sums

_NAME = pa.dictionary(pa.int32(), pa.string())

#: One row a run, level and condition; never aggregated (method 2). Returns are undiscounted sums.
RECORDS = pa.schema(
    [
        ("run_id", _NAME),
        ("family", _NAME),
        ("agent", _NAME),
        ("network", _NAME),
        ("n_train_levels", pa.int64()),
        ("flip_p", pa.float64()),
        ("regulariser", _NAME),
        ("seed", pa.int64()),
        ("pool_seed", pa.int64()),
        ("checkpoint", pa.int64()),  # environment steps of training
        ("split", _NAME),
        ("level_id", pa.int64()),
        ("condition", _NAME),
        ("ret_mean", pa.float64()),
        ("ret_var", pa.float64()),
        ("p_solved", pa.float64()),
        ("p_timeout", pa.float64()),
        ("len_mean", pa.float64()),
        ("oracle_ret", pa.float64()),  # the planner's return on the level, same condition
        ("random_ret", pa.float64()),  # the uniformly random agent's, same condition
        ("exact", pa.bool_()),
        ("n_episodes", pa.int64()),  # 0 where exact
        ("manifest", _NAME),  # hash of the split
    ]
)

#: One row a run, checkpoint and pool.
CURVES = pa.schema(
    [
        ("run_id", _NAME),
        ("step", pa.int64()),
        ("split", _NAME),
        ("n_levels", pa.int64()),
        ("ret_mean", pa.float64()),
        ("p_solved", pa.float64()),
        # Of the checkpoint, on the row of "test": see ``overfitting_alarm``; nan in older stores.
        ("gap_low", pa.float64()),
    ]
)


#: The most rows of a table, and of tables together: so many, or so many a byte where that is more.
#: A few kilobytes can say that they are any number; of ours ten bytes are one row.
MOST_ROWS, ROOM, PER_BYTE = 50_000_000, 1_000_000, 8


def write(path: Path, rows: pd.DataFrame, schema: pa.Schema) -> None:
    """Write a table; its bytes depend only on its content."""
    table = pa.Table.from_pandas(rows[schema.names], schema, preserve_index=False)
    numbers = [field.name for field in schema if pa.types.is_floating(field.type)]
    # Rows that are all alike become too few bytes to be believed: they are written as they are.
    for compression in ("zstd", "none"):
        pq.write_table(
            table.replace_schema_metadata(None),
            path,
            # Returns hardly repeat; byte by byte their signs and exponents do. A quarter smaller.
            use_dictionary=[name for name in schema.names if name not in numbers],
            column_encoding=dict.fromkeys(numbers, "BYTE_STREAM_SPLIT"),
            compression=compression,
        )
        if table.num_rows <= PER_BYTE * path.stat().st_size:
            break


def read(paths: Iterable[Path], schema: pa.Schema) -> pd.DataFrame:
    """All rows of several tables, in the order of the paths; names as categories.

    Raises:
        DamagedStoreError: Naming the first file that cannot be read.
    """
    parts = [schema.empty_table(), *tables(paths, schema, schema.names)]
    frame: pd.DataFrame = pa.concat_tables(parts).unify_dictionaries().to_pandas()
    return frame


def tables(paths: Iterable[Path], schema: pa.Schema, columns: Sequence[str]) -> Iterator[pa.Table]:
    """Read selected columns of tables one by one; columns that older files lack are null.

    Raises:
        DamagedStoreError: Naming the first file that cannot be read.
    """
    wanted = pa.schema([schema.field(name) for name in columns])
    numbers = [pa.types.is_floating(field.type) for field in wanted]
    n_rows = n_bytes = 0
    for path in paths:
        try:
            data = sums.read(path)
            # Half the time of ``read_table``, which prepares for many files and threads.
            with pq.ParquetFile(pa.BufferReader(data), pre_buffer=False) as file:
                own = file.metadata.num_rows
                n_rows, n_bytes = n_rows + own, n_bytes + len(data)
                if own > min(MOST_ROWS, _most(len(data))) or n_rows > _most(n_bytes):
                    raise ValueError(f"it has {own:,} rows in {len(data):,} bytes")
                # Of these, those that it has.
                table = file.read(columns, use_threads=False)
            if table.schema != wanted:
                table = _as(table, wanted)
            _check(table, numbers)
        except (OSError, ValueError, pa.ArrowException) as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0][:300]
            raise DamagedStoreError(
                f"{path}: cannot be read ({reason}). Nothing else is affected: move the folder "
                f"{path.parent} away, and the same rlgen evaluate computes that run again"
            ) from None
        yield table


def _most(n_bytes: int) -> int:
    """The most rows that are believed of so many bytes."""
    return max(ROOM, PER_BYTE * n_bytes)


def _check(table: pa.Table, numbers: Sequence[bool]) -> None:
    """Refuse a table in which something but a measured number is unknown, or one is infinite.

    Args:
        table: The table.
        numbers: Which of its columns are measured.
    """
    for name, column, is_number in zip(table.column_names, table.columns, numbers, strict=True):
        if not is_number:
            if column.null_count:
                raise ValueError(f"{name} is not known in all rows")
        elif np.count_nonzero(np.isinf(column.to_numpy())):
            raise ValueError(f"{name} is infinite in some rows")


def _as(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table with the columns and types of the schema."""
    columns = [
        table[field.name].cast(field.type)
        if field.name in table.column_names
        else pa.nulls(table.num_rows, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)
