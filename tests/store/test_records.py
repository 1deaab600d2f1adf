"""Tables of records: what a file may say of its size."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rlgen.errors import DamagedStoreError
from rlgen.store import records


def rows(n):
    """Rows that are alike in all but their level."""
    own = {"split": "test", "ret_mean": 0.0, "p_solved": 0.0, "run_id": "a"}
    numbers = {"gap_low": np.nan, "n_levels": n, "step": np.arange(n)}
    return pd.DataFrame({**numbers, **own})


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(records, "ROOM", 100_000)


def flood(path, n):
    """A file of a few kilobytes with any number of rows."""
    table = pa.Table.from_pandas(rows(n), records.CURVES, preserve_index=False)
    pq.write_table(
        table,
        path,
        compression="zstd",
        column_encoding={"step": "DELTA_BINARY_PACKED"},
        use_dictionary=["run_id", "split"],
    )
    return path


def test_a_few_bytes_are_not_believed_to_be_any_number_of_rows(tmp_path):
    path = flood(tmp_path / "many.parquet", 400_000)
    assert path.stat().st_size < 50_000
    with pytest.raises(DamagedStoreError, match=r"it has 400,000 rows in \d+,"):
        records.read([path], records.CURVES)


def test_nor_are_those_of_many_files(tmp_path):
    paths = [flood(tmp_path / f"{i}.parquet", 90_000) for i in range(10)]
    records.read(paths[:1], records.CURVES)
    most = sum(path.stat().st_size for path in paths) * records.PER_BYTE
    assert most < 90_000 * 10, "as they are small"
    with pytest.raises(DamagedStoreError, match="it has 90,000 rows"):
        records.read(paths, records.CURVES)


@pytest.mark.slow
def test_whatever_is_written_is_read(tmp_path):
    """Returns of an agent that has learnt nothing may all be one."""
    alike = rows(400_000).assign(step=0)
    records.write(tmp_path / "a.parquet", alike, records.CURVES)
    assert len(records.read([tmp_path / "a.parquet"] * 3, records.CURVES)) == 1_200_000
