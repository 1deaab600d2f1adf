"""The protocol key ``probes``: measured with a run, or later from its weights."""

import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest
from commands import rlgen as run_cli
from helpers import TINY, unsealed
from html_pages import undrawn
from planning import tasks_of

import rlgen
from rlgen.analysis.probes import ACCURACY, LEVELS, Probed
from rlgen.analysis.results import Results
from rlgen.diagnostics.verification import differences
from rlgen.probes import PROBES, baselines
from rlgen.protocol.schema import parse
from rlgen.store import outputs
from rlgen.store.run_store import RunStore

BASELINES = [name for name in PROBES if PROBES[name].baseline]


def study(**keys):
    own = {"network": ["mlp-64-64", "linear"], "n_train_levels": [3, 6], "seeds": [0, 1, 2]}
    return {**TINY, "steps": 600, "conditions": ["plain"], **own, **keys}


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"probes": "trainig-fit"}, "probes = 'trainig-fit': unknown probe 'trainig-fit' (did you"),
        ({"probes": ["dead-inputs", "dead-inputs"]}, "a value is listed twice"),
        (
            {
                "probes": "dead-inputs",
                "family": "CartPole-v1",
                "family_options": {},
                "train_levels": "0:6",
                "test_levels": "10:12",
                "n_validation_levels": 0,
                "n_test_levels": None,
            },
            "probes = 'dead-inputs': such probes need levels whose states can be listed",
        ),
    ],
)
def test_refused_in_one_line_before_anything_is_computed(write_protocol, tmp_path, keys, message):
    _, said = run_cli("evaluate", write_protocol(**study(**keys)), "-o", tmp_path / "s", code=2)
    assert message in said
    assert len(said.strip().splitlines()) == 1
    assert not (tmp_path / "s").exists()


@pytest.mark.slow
def test_the_plan_prices_them(write_protocol, tmp_path):
    for probes, price in (([], False), (["ntk-rotation"], True)):
        protocol = write_protocol(**study(network="mlp-64-64", probes=probes))
        out, _ = run_cli("plan", protocol, cwd=tmp_path)
        assert ("s of probes" in out) == price


def test_probes_are_wanted_with_the_baselines_and_change_no_id():
    bare, probed = (
        tasks_of([(parse(study(**keys), "a"), "a")]) for keys in ({}, {"probes": "dead-inputs"})
    )
    assert [task.cell.id for task in bare] == [task.cell.id for task in probed]
    for task in probed:
        wanted = [name for output in task.wanted if (name := outputs.probe_of(output))]
        assert wanted == BASELINES
        assert task.wanted[0] == "plain"
    assert not any(map(outputs.probe_of, bare[0].wanted))
    assert "probes" not in parse(study(), "a").text()


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    """A study that was probed later, in two steps, and the same one probed at once."""
    out = tmp_path_factory.mktemp("probed")
    with undrawn():
        rlgen.evaluate(study(), out / "later", jobs=1)
        at_once = rlgen.evaluate(study(probes=["dead-inputs"]), out / "at-once", jobs=1)
    before = {p: p.read_bytes() for p in (out / "later" / "runs").rglob("*") if p.is_file()}
    later = rlgen.evaluate(study(probes=["dead-inputs"]), out / "later", jobs=1)
    assert {p: p.read_bytes() for p in before} == before
    return later, at_once


@pytest.mark.slow
def test_later_and_at_once_are_the_same(stores):
    later, at_once = (RunStore(each.store) for each in stores)
    assert later.probed() == at_once.probed()
    ours, theirs = (rlgen.load(each.path) for each in (later, at_once))
    keys = ["run_id", "split", "level_id"]
    pd.testing.assert_frame_equal(
        *(each.sort_values(keys, ignore_index=True) for each in (ours, theirs))
    )
    assert stores[0].summary["probes"] == stores[1].summary["probes"]
    assert stores[0].summary["cells"] == stores[1].summary["cells"]
    assert not list(differences(later))
    assert not list(differences(at_once))
    assert not rlgen.evaluate(study(probes=["dead-inputs"]), later.path, jobs=1).computed
    assert not rlgen.evaluate(study(), later.path, jobs=1).computed
    assert (later.path / "protocol.toml").read_text().count('probes = ["dead-inputs"]') == 1
    for store in (later, at_once):
        out, _ = run_cli("verify", store.path)
        assert "rows of 12 runs give its summary" in out


@pytest.mark.slow
def test_the_numbers_are_those_of_the_runs(stores):
    later, _ = stores
    store = RunStore(later.store)
    probed = Probed(Results.load(store))
    assert sorted(store.probed()) == sorted(probed.table["run_id"])
    rows = rlgen.load(later.store).assign(
        score=lambda r: (r["ret_mean"] - r["random_ret"]) / (r["oracle_ret"] - r["random_ret"])
    )
    means = rows.groupby(["run_id", "split"], observed=True)["score"].mean().unstack()
    gaps = (means["train"] - means["test"]).astype(float)
    gaps.index = gaps.index.astype(str)
    assert np.allclose(gaps[probed.table["run_id"]], probed.table["gap"])
    assert (probed.table[LEVELS] == -probed.table["n_train_levels"]).all()
    accuracy = ": ".join(ACCURACY)
    (cell, *_) = later.summary["cells"]
    mine = probed.table[
        np.logical_and.reduce([probed.table[k] == cell[k] for k in ("network", "n_train_levels")])
    ]
    mean = cell["probes"]["training-fit"]["accuracy"]
    assert mean["mean"] == pytest.approx(mine[accuracy].mean())
    assert mean["runs"] == 3
    assert mean["low"] < mean["mean"] < mean["high"]


@pytest.mark.slow
def test_the_page_and_the_summary_have_them(stores):
    later, _ = stores
    summary, page = later.summary["probes"], later.report.read_text()
    assert summary["bar"] == "training-fit: accuracy"
    assert summary["runs"] == 12
    named = {(own["probe"], own["number"]): own for own in summary["numbers"]}
    assert named["", "training levels, fewer first"]["within"]["mean"] is None
    assert {own["word"] for own in summary["numbers"]} == {"baseline"}
    assert '<a href="#probes">Probes</a>' in page
    assert 'id="probe-scatter"' in page
    assert "dead-inputs: share" in page
    assert re.search(r'-cells.csv" href="data:', page)
    assert "probes" not in rlgen.evaluate(study(), later.store, jobs=1).summary["cells"][0] or (
        "once measured they stay"
    )


@pytest.mark.slow
def test_a_later_version_of_a_probe_measures_anew(stores, tmp_path, monkeypatch):
    _, at_once = stores
    from dataclasses import replace

    old = PROBES["dead-inputs"]
    monkeypatch.setitem(PROBES._loaded, "dead-inputs", replace(old, version=2))
    tasks = tasks_of([(parse(study(probes="dead-inputs"), "a"), "a")])
    assert "dead-inputs.2@:probes" in tasks[0].wanted
    there = RunStore(at_once.store).conditions(tasks[0].cell.id)
    assert set(tasks[0].wanted) - there == {"dead-inputs.2@:probes"}


@pytest.mark.slow
def test_a_probe_that_raises_costs_no_run(tmp_path, monkeypatch):
    """It says so where its numbers would stand."""

    def raising(subject, *, seed):
        raise ZeroDivisionError("no\nweights")

    monkeypatch.setattr(baselines, "dead_inputs", raising)
    from rlgen.study.kinds import measuring
    from rlgen.study.workspace import Workspace

    (task, *_) = tasks_of([(parse(study(probes="dead-inputs", steps=16), "a"), "a")])
    workspace = Workspace(tmp_path, task.wanted, tmp_path / "cache", lambda *_, **__: None)
    measuring.measure(task.cell, workspace)
    measured = json.loads((tmp_path / "probes.json").read_text())
    reason = measured["dead-inputs"]["numbers"]["share"]["reason"]
    assert reason == "the probe raised ZeroDivisionError: no weights"
    assert measured["training-fit"]["numbers"]["accuracy"]["value"] > 0
    assert (tmp_path / "records.parquet").is_file()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"value": "<b>"}, "training-fit: accuracy: value must be a number"),
        ({"reason": None}, "training-fit: accuracy: reason must be of type str"),
        ({"meaning": 1}, "training-fit: accuracy: meaning must be of type str"),
    ],
)
def test_a_damaged_file_is_named(stores, tmp_path, change, message):
    store = unsealed(shutil.copytree(stores[1].store, tmp_path / "store"))
    path = sorted(store.glob("runs/*/probes.json"))[0]
    entries = json.loads(path.read_text())
    entries["training-fit"]["numbers"]["accuracy"] |= change
    path.write_text(json.dumps(entries))
    _, said = run_cli("report", store, code=2)
    assert f"{path}: {message}" in said
