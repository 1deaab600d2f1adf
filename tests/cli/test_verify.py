"""``rlgen verify`` names whatever does not follow from the rows."""

import json
import shutil

import pandas as pd
import pytest
from commands import rlgen as run
from helpers import unsealed
from returns import imported, returns

import rlgen
from rlgen.errors import StoreError
from rlgen.store import packing, records
from rlgen.util import files

pytestmark = pytest.mark.slow


@pytest.fixture
def store(tiny_store, tmp_path):
    return unsealed(shutil.copytree(tiny_store, tmp_path / "depth"))


def lines(store, *, code=1):
    """What the command prints of a store without its name; the same of a bundle of it."""
    out, _ = run("verify", store, code=code)
    file = store.parent / f"{len(out)}.tar.xz"
    packing.write(store, file)
    assert run("verify", file, code=code)[0].replace(str(file), str(store)) == out
    return [line.removeprefix(f"{store}: ") for line in out.splitlines()]


def a_run(store):
    return sorted((store / "runs").iterdir())[0]


def change(path, **values):
    files.write_json(path, files.read_json(path) | values)


def test_a_store_holds(store):
    (line,) = lines(store, code=0)
    n = len(rlgen.load(store))
    assert line == f"{n:,} rows of 12 runs give its summary"
    result = json.loads(run("verify", store, "--json")[0])
    assert result == {"runs": 12, "rows": n, "differences": [], "problems": []}
    assert rlgen.verify(store).rows == n


def test_a_number_that_the_rows_do_not_give(store):
    summary = files.read_json(store / "summary.json")
    summary["cells"][1]["gap"]["mean"] += 1e-3
    summary["cells"][0]["verdict"] = "generalises a lot"
    summary["runs"] = summary["runs"][:-1]
    summary["state"] = "another"
    del summary["rule"]
    files.write_json(store / "summary.json", summary)
    text = lines(store)
    assert len(text) == 4
    for line, start in zip(
        text,
        ("cells[0].verdict is generalises a lot, and ", "cells[1].gap.mean is ", "rule ", "runs "),
        strict=True,
    ):
        assert line.startswith(f"summary.json: {start}")
        assert line.endswith("by the rows")
    (store / "summary.json").unlink()
    assert lines(store) == ["summary.json: is missing"]


def test_keys_that_came_later_may_be_missing_from_an_earlier_summary(store):
    summary = files.read_json(store / "summary.json")
    training = summary["cells"][0]["training"]
    del training["needed_at_least"]
    files.write_json(store / "summary.json", summary)
    assert lines(store, code=0)[0].endswith("give its summary")
    training["needed_at_least"] = 1.5
    files.write_json(store / "summary.json", summary)
    (line,) = lines(store)
    assert line.startswith("summary.json: cells[0].training.needed_at_least is 1.5, and ")


def test_a_row_that_is_missing_changed_or_there_twice(store):
    path = a_run(store) / "records.parquet"
    rows = records.read([path], records.RECORDS)
    where = f"runs/{path.parent.name}/records.parquet"
    records.write(path, rows.drop(index=3), records.RECORDS)
    row = rows.loc[3]
    key = f"the {row['split']} level {row['level_id']} under {row['condition']}"
    assert lines(store)[0] == f"{where}: lacks {key}"
    records.write(path, pd.concat([rows, rows[3:4]]), records.RECORDS)
    assert lines(store)[0] == f"{where}: 1 row is there twice"
    records.write(path, rows.assign(ret_mean=rows["ret_mean"] + 1), records.RECORDS)
    assert all(line.startswith("summary.json: ") for line in lines(store))


def test_names_that_are_not_the_hashes_of_what_they_name(store):
    card = a_run(store) / "cell.json"
    settings = files.read_json(card)["settings"]
    change(card, settings=settings | {"steps": 1_000_000})
    (line,) = lines(store)
    assert "cell.json: its settings have another hash than" in line
    change(card, settings=settings, id="0" * 16)
    assert lines(store) == [f"runs/{card.parent.name}/cell.json: is that of {'0' * 16}"]
    change(card, id=card.parent.name)
    plan = files.read_json(store / "plan.json")
    plan[0]["settings"]["seed"] = 99
    files.write_json(store / "plan.json", plan)
    assert lines(store)[0] == f"plan.json: {plan[0]['id']} is not the hash of its settings"
    split = sorted((store / "splits").iterdir())[0]
    change(split, pool_seed=77)
    assert f"splits/{split.name}: its name is not the hash of its levels" in lines(store)


def test_files_of_a_run_that_are_missing(store):
    (a_run(store) / "trajectories.json").unlink()
    assert lines(store)[0] == f"runs/{a_run(store).name}: has no trajectories.json"


@pytest.mark.parametrize("name", ["plan.json", "store.json", "protocol.toml", "summary.json"])
@pytest.mark.parametrize("content", ["", "[[1]]", '{"a": 1}', '[{"id": 1}]'])
def test_what_cannot_be_read_is_answered(store, name, content):
    (store / name).write_text(content)
    _, error = run("verify", store, code=(1, 2))
    assert error.startswith("rlgen: ") or name == "summary.json"
    with pytest.raises(StoreError):
        rlgen.verify(store / name)


def test_imported_results_hold_and_have_no_levels_to_audit(tmp_path):
    store = imported(tmp_path, "theirs", returns(0.5, seeds=range(2)))
    run("report", store)
    out, _ = run("verify", store, "--strict")
    assert out == f"{store}: 48 rows of 2 runs give its summary\n"
    run("bundle", store, tmp_path / "theirs.tar.xz")
    out, _ = run("verify", tmp_path / "theirs.tar.xz", "--strict")
    assert "48 rows of 2 runs give its summary" in out
    _, err = run("audit", store, code=2)
    assert "holds imported results, whose levels are not there to be compared" in err
    alone = imported(tmp_path, "alone", returns(0.5, seeds=[3]))
    run("report", alone)
    out, _ = run("verify", alone)
    assert out.count("S203 one-run: the only run is ppo/") == 1
