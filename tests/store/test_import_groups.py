"""Groups of levels in imported tables: read where they are named, and then what is counted."""

import numpy as np
import pandas as pd
import pytest
from returns import imported, returns

from rlgen.analysis.results import Results
from rlgen.errors import ImportedFileError
from rlgen.report.comparing import compare
from rlgen.report.summary import summarise
from rlgen.store.run_store import RunStore


def templated():
    """Held-out levels of three templates, a fixed share of which is easier, and training's two."""
    table = returns()
    number = table["level"] % 6
    trained = table["pool"] == "train"
    template = np.where(trained, "t" + (number % 2).astype(str), "u" + (number % 3).astype(str))
    eased = table["return"] + np.where(trained, 0, number % 3)
    return table.assign(template=template, **{"return": eased})


def gap(store):
    results = Results.load(RunStore(store))
    (cell,) = results.cells
    return results.estimate(cell, results.main, "return", "gap")


@pytest.mark.slow
def test_groups_are_counted_where_the_user_names_them(tmp_path):
    by_level = gap(imported(tmp_path, "levels", templated()))
    store = imported(tmp_path, "groups", templated(), columns={"group": "template"})
    by_group = gap(store)
    assert by_group.mean == pytest.approx(by_level.mean)
    assert by_group.high - by_group.low > 1.5 * (by_level.high - by_level.low)
    results = Results.load(RunStore(store))
    held_out = results.main_records.query("split == 'test'")
    assert set(held_out["ret_mean"].map(len)) == {3}


def test_runs_may_have_played_other_groups_each(tmp_path):
    table = templated()
    level_of = {"u0": 10.0, "u1": 20.0, "u2": 30.0}
    held_out = table["pool"] == "test"
    table.loc[held_out, "return"] = table.loc[held_out, "template"].map(level_of)
    played = np.where(table["seed"] % 2, "u0", "u1")
    own = table[~held_out | (table["template"] == played) | (table["template"] == "u2")]
    store = imported(tmp_path, "each", own, columns={"group": "template"})
    groups = summarise(Results.load(RunStore(store)))["groups"]
    rows = [row for row in groups if row["pool"] == "test"]
    runs = table["seed"].nunique()
    assert {row["group"]: row["return"] for row in rows} == level_of
    numbers = {row["group"]: row["runs"] for row in rows}
    assert numbers["u2"] == runs == numbers["u0"] + numbers["u1"]


@pytest.mark.slow
def test_a_column_called_group_is_not_taken_for_one(tmp_path):
    table = templated().rename(columns={"template": "group"})
    told = gap(imported(tmp_path, "called", table))
    assert told == gap(imported(tmp_path, "levels", templated()))


@pytest.mark.slow
def test_levels_of_groups_that_were_trained_on_are_counted_singly(tmp_path):
    table = templated().assign(template="all alike")
    told = gap(imported(tmp_path, "alike", table, columns={"group": "template"}))
    assert told == gap(imported(tmp_path, "levels", templated()))


@pytest.mark.slow
@pytest.mark.parametrize(("alike", "unit"), [(True, "of 12 levels"), (False, "of 3 groups")])
def test_a_pair_speaks_of_what_is_counted_wherever_it_is_said(alike, unit, tmp_path):
    one = templated().assign(**({"template": "all alike"} if alike else {}))
    table = pd.concat([one, one.assign(agent="a2c", **{"return": one["return"] - 0.1})])
    store = imported(tmp_path, "two", table, columns={"group": "template"})
    (pair,) = summarise(Results.load(RunStore(store)))["comparison"]["pairs"]
    assert unit in pair["sentence"]
    assert compare(store)["pairs"][0]["sentence"] == pair["sentence"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.assign(template=t["seed"].astype(str)), "is of group '0' and of group '1'"),
        (lambda t: t.drop(columns="level"), "levels are not known: groups"),
        (lambda t: t.assign(template=t["template"].where(t.index > 0, "")), "row 1: empty"),
    ],
)
def test_groups_that_are_not_of_levels_are_refused(change, message, tmp_path):
    with pytest.raises(ImportedFileError, match=message):
        imported(tmp_path, "wrong", change(templated()), columns={"group": "template"})
