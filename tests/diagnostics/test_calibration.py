"""The calibration: real controls, real readings; a broken detector is found out."""

import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from shared import once
from studies import Fork

import rlgen
from rlgen import report
from rlgen.analysis.stats import scorecards
from rlgen.diagnostics import detectors
from rlgen.diagnostics.calibration import population, summary
from rlgen.diagnostics.calibration.cells import CloneCell, cells
from rlgen.diagnostics.calibration.population import Subject
from rlgen.diagnostics.calibration.reading import readings
from rlgen.diagnostics.detectors import DETECTORS
from rlgen.diagnostics.detectors.held_out import HeldOut
from rlgen.diagnostics.detectors.under_condition import UnderCondition
from rlgen.errors import StoreError
from rlgen.levels import lookup
from rlgen.report.sections import calibration as page
from rlgen.store.run_store import RunStore
from rlgen.util.hashing import digest
from rlgen_envs import FAMILIES

FAMILY = FAMILIES["maze-basic"].configure({"size": 6})
CHEAP = ["greedy", "sticky-proposed-25", "random-spawn", "noop-starts", "symmetry", "held-out-50"]
FAST = (
    "planner",
    "random",
    "full-memoriser",
    "trajectory-memoriser-r0",
    "trajectory-memoriser-r4",
    "open-loop",
)


def controls(pools, names=FAST, n_levels=3):
    return [Subject("control", name, pool, n_levels) for pool in range(pools) for name in names]


@pytest.fixture(scope="module")
def agents(tmp_path_factory):
    def make(_):
        return [
            entry
            for members in population.tasks(controls(14))
            for entry in readings(FAMILY, members, CHEAP)
        ]

    return once(tmp_path_factory, "agents", make)[1]


def summarised(agents, checks=None):
    named = {name: DETECTORS[name] for name in CHEAP} | (checks or {})
    return summary.summarise(agents, {}, named, {"family": "x"})


@pytest.mark.slow
def test_the_controls_are_read_as_they_must(agents):
    told = summarised(agents)
    assert told["believed"], told["trials"]
    assert len(told["trials"]) == 5
    words = {check["name"]: check["controls"]["verdict"] for check in told["checks"]}
    assert words["held-out-50"] == words["symmetry"] == "detects"
    radius = {check["name"]: check["radius"] for check in told["checks"]}
    assert radius["held-out-50"] == radius["symmetry"] == "every"
    assert radius["noop-starts"] == "none"
    assert float(radius["random-spawn"]) >= 0


def broken(agents, name, change):
    """The same agents, with one detector's readings changed."""
    copy = json.loads(json.dumps(agents))
    for agent in copy:
        change(agent, agent["checks"][name])
    return copy


def failing(told):
    assert not told["believed"]
    return [trial["name"] for trial in told["trials"] if not trial["passed"]]


@pytest.mark.slow
def test_a_sticky_detector_that_does_nothing_is_found_out(agents):
    def idle(agent, reading):
        reading["returns"], reading["planner"] = agent["returns"], agent["best"]

    told = summarised(broken(agents, "sticky-proposed-25", idle))
    assert failing(told) == ["Positive control: fixed action sequences"]


@pytest.mark.slow
def test_held_out_levels_that_are_training_levels_are_found_out(agents):
    def leak(agent, reading):
        reading["returns"], reading["planner"] = agent["returns"], agent["best"]

    told = summarised(broken(agents, "held-out-50", leak))
    assert failing(told) == ["Memorisers are flagged by held-out levels"]


@pytest.mark.slow
def test_a_detector_that_sees_what_it_cannot_is_found_out(agents):
    def clairvoyant(agent, reading):
        reading["returns"] -= agent["train_score"] - agent["test_score"]

    told = summarised(broken(agents, "noop-starts", clairvoyant))
    assert set(failing(told)) == {
        "Negative control: do-nothing starts",
        "What cannot be detected is not",
    }


@pytest.mark.slow
def test_a_detector_that_accuses_the_planner_is_found_out(agents):
    def harsh(agent, reading):
        if agent["name"] == "planner":
            reading["returns"] -= 0.5

    told = summarised(broken(agents, "random-spawn", harsh))
    assert "The planner is cleared" in failing(told)


@pytest.mark.slow
def test_an_agent_that_failed_spoils_the_belief(agents, tmp_path):
    told = summary.summarise(
        agents, {"brute <b>": "it broke"}, {n: DETECTORS[n] for n in CHEAP}, {"family": "x"}
    )
    assert not told["believed"]
    text = page.write(tmp_path, told).read_text()
    assert "The instrument is not to be believed" in text
    assert "brute &lt;b&gt;" in text
    assert "brute <b>" not in text


@pytest.mark.slow
def test_the_page_holds_the_numbers_of_the_file(agents, tmp_path):
    text = page.write(tmp_path, summarised(agents)).read_text()
    told = json.loads((tmp_path / "calibration.json").read_text())
    assert "The instrument passed." in text
    assert "http" not in text.replace("http-equiv", "").replace("http://www.w3.org", "")
    for check in told["checks"]:
        assert f'<th scope="row">{check["name"]}</th>' in text
        value = check["controls"]["auc"]["value"]
        assert f"{value:.2f}" in text
    assert page.write(tmp_path, summarised(agents)).read_text() == text


@pytest.mark.slow
def test_too_few_agents_give_no_number_and_no_traceback(agents, tmp_path):
    for few in ([], agents[:1], [a for a in agents if a["name"] == "random"]):
        told = summarised(few)
        assert not told["believed"]
        for check in told["checks"]:
            assert np.isnan(check["all"]["auc"]["value"])
            assert check["all"]["auc"]["reason"]
        assert "not to be believed" in page.write(tmp_path, told).read_text()


def test_drops_are_those_of_the_worked_example(worked_examples):
    told = worked_examples["oracle_adjusted_drop"]
    agent = {
        **dict.fromkeys(scorecards.FIELDS, 0),
        "returns": told["J"],
        "best": told["oracle"],
        "random": 0.0,
        "train_score": 1.0,
        "test_score": 0.0,
        "checks": {"c": {"returns": told["J_check"], "planner": told["oracle_check"]}},
    }
    (row,) = scorecards.drops([agent]).to_dict("records")
    assert row["raw"] == pytest.approx(told["expect"]["raw"] if "expect" in told else told["raw"])
    assert row["adjusted"] == pytest.approx(told["adjusted"])
    assert row["drop"] == pytest.approx(told["adjusted"] / told["oracle"])


def test_a_population_is_cut_into_tasks():
    everyone = population.default(pools=3, seeds=2)
    cut = list(population.tasks(everyone))
    assert sorted(one.label for task in cut for one in task) == sorted(s.label for s in everyone)
    for task in cut:
        assert len({one.pool for one in task}) == 1
    made_of = cells(FAMILY, everyone, CHEAP)
    assert [cell.subjects for cell in made_of] == [tuple(task) for task in cut]
    assert len({cell.id for cell in made_of}) == len(cut)
    for cell in made_of:
        assert type(cell).from_settings(json.loads(json.dumps(cell.settings))).id == cell.id
        assert cell.kind == {"network": "clone", "control": "control"}[cell.subjects[0].kind]
        assert cell.steps > 0


def test_cells_keep_the_ids_of_older_calibrations():
    family = lookup.family("maze-basic").configure({"size": 7})
    cell = CloneCell.of(
        family, "conv-a", pool_seed=1000, n_levels=10, detectors=["greedy", "symmetry"]
    )
    subject = {
        "kind": "network",
        "name": "conv-a",
        "pool_seed": 1000,
        "n_levels": 10,
        "flip_p": 0.0,
        "seed": 0,
    }
    assert (
        cell.id
        == digest(
            {
                "version": 2,
                "family": ["maze-basic", family.version, dict(family.options)],
                "checks": ["greedy", "symmetry"],
                "levels": [10, 200],
                "subjects": [subject],
            }
        )[:16]
    )


def tiny(pools, seeds):
    return controls(pools) + population.networks(
        [("mlp-64-64", 3, 0.0), ("mlp-64-64", 3, 0.5)], seeds
    )


def calibrate(out):
    return rlgen.calibrate("maze-basic", out, options={"size": 6}, pools=2, seeds=1, jobs=2)


def files_of(folder):
    return {p: p.stat().st_mtime_ns for p in folder.rglob("*") if p.is_file()}


@pytest.mark.slow
def test_end_to_end(monkeypatch, tmp_path):
    """Two pools and two networks, by real workers; a second call makes nothing again."""
    monkeypatch.setattr(population, "default", tiny)
    monkeypatch.setattr(detectors, "DETECTORS", {name: DETECTORS[name] for name in CHEAP})
    out = tmp_path / "out"
    told = calibrate(out)
    assert not told["failed"]
    assert len(told["agents"]) == 2 * len(FAST) + 2
    runs = files_of(out / "runs")
    assert len(list((out / "runs").iterdir())) == 4
    names = {"readings.json", "cell.json", "provenance.json", "sha256.json"}
    assert {path.name for path in runs} == names
    assert calibrate(out) == told
    assert files_of(out / "runs") == runs
    with pytest.raises(StoreError, match="holds a calibration, not a study"):
        report.write(RunStore(out))

    # What an older version has left is read where it is.
    old = tmp_path / "old"
    (old / "readings").mkdir(parents=True)
    for path in (out / "runs").glob("*/readings.json"):
        shutil.copy(path, old / "readings" / f"{path.parent.name}.json")
    for name in ("logs", "reference"):
        (old / name).mkdir()
    before = files_of(old / "readings")
    assert calibrate(old) == told
    assert files_of(old / "readings") == before
    assert not list((old / "runs").iterdir())


def calibrate_controls(out):
    """A cell more than there are workers; in a process of its own."""
    population.default = lambda pools, seeds: controls(pools)
    detectors.DETECTORS = {name: DETECTORS[name] for name in CHEAP}
    keys = {"options": {"size": 6}, "pools": 3, "jobs": 2, "quiet": False}
    told = rlgen.calibrate("maze-basic", out, **keys)
    print(len(told["agents"]), len(told["failed"]))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="finds the server in /proc")
def test_a_calibration_survives_the_death_of_its_server(tmp_path, real_servers):
    out = tmp_path / "out"
    process = Fork(calibrate_controls, out)
    deadline = time.monotonic() + 120
    while not list((out / ".rlgen").glob("logs/*")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    for child in children:
        os.kill(int(child), signal.SIGKILL)
    printed, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    assert printed.split() == [str(3 * len(FAST)), "0"]
    assert children
    assert "3 cells to compute on 2 workers" in err
    assert len(list((out / "runs").iterdir())) == 3


def test_detectors_of_the_method_are_what_the_trials_are_about():
    assert isinstance(DETECTORS[summary.STICKY], UnderCondition)
    assert DETECTORS[summary.NOOP].number == "K-07"
    assert isinstance(DETECTORS[summary.HELD_OUT], HeldOut)


@pytest.mark.slow
def test_the_command_ends_with_1_if_the_instrument_is_not_believed(agents, tmp_path, monkeypatch):
    from click.testing import CliRunner

    from rlgen import api
    from rlgen.cli import cli
    from rlgen.util import files

    for believed, code in ((True, 0), (False, 1)):
        told = files.without_nan(summarised(agents)) | {"believed": believed}
        monkeypatch.setattr(api, "calibrate", lambda *_, told=told, **__: told)
        done = CliRunner().invoke(cli, ["calibrate", "-o", str(tmp_path)])
        assert done.exit_code == code, done.output
        assert ("is not to be believed" in done.output) == (not believed)
        assert done.output.count("passed  ") == 5
