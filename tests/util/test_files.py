"""Atomic writes."""

import json

import numpy as np
import pytest

from rlgen.errors import DamagedStoreError
from rlgen.util import files


def test_json_has_no_nan_and_no_numbers_of_numpy(tmp_path):
    told = {"a": np.int64(3), "b": [np.float64("nan"), float("nan"), np.bool_(True)], "c": (1.5,)}
    files.write_json(tmp_path / "x.json", told)
    assert json.loads((tmp_path / "x.json").read_text()) == {
        "a": 3,
        "b": [None, None, True],
        "c": [1.5],
    }
    assert [p.name for p in tmp_path.iterdir()] == ["x.json"]
    assert (tmp_path / "x.json").read_text() == '{"a":3,"b":[null,null,true],"c":[1.5]}\n'


def test_what_cannot_be_read_is_named(tmp_path):
    (tmp_path / "x.json").write_text("{")
    for name in ("x.json", "none.json"):
        with pytest.raises(DamagedStoreError, match=rf"{name}: (cannot be read|is not valid JSON)"):
            files.read_json(tmp_path / name)
