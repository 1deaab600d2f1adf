"""Long runs: saved, killed at random moments, continued; and what is said of them meanwhile."""

import json
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from commands import rlgen as run_cli
from learning import quick
from studies import command, finished, results

from rlgen.errors import DamagedStoreError
from rlgen.store.checkpoints import Checkpoints
from rlgen.study import going_on
from rlgen.study.workspace import Workspace
from rlgen.training.state import State
from rlgen.util import sums
from rlgen.util.seeding import stream

LONG = {
    "n_train_levels": 3,
    "seeds": 0,
    "steps": 24_000,
    "checkpoint_every": 2000,
    "curve_points": 6,
    "conditions": "plain",
}


def last_checkpoint(store):
    paths = (store / ".rlgen").glob("checkpoints/*/[0-9]*")
    names = [int(path.name.partition("-")[0]) for path in paths]
    return max(names, default=0)


def worker_of(store):
    """The process that writes to the log of the store's only cell, if it is still there."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if str(store) in str((folder / "fd" / "1").readlink()):
                return int(folder.name)
        except OSError:
            continue
    return None


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the worker in /proc")
def test_a_run_killed_at_random_moments_is_the_uninterrupted_one(write_protocol, tmp_path, undrawn):
    path, whole = write_protocol(**LONG), tmp_path / "whole"
    run_cli("evaluate", path, "-o", whole, "-j", 1)
    store, rng, went_on = tmp_path / "killed", stream(0, "kills"), 0
    for how in ("driver", "worker", "scheduler"):
        process = command("evaluate", path, "-o", store, "-j", 1)
        before, deadline = last_checkpoint(store), time.monotonic() + 120
        while last_checkpoint(store) == before and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        time.sleep(rng.uniform(0, 0.3))
        assert process.poll() is None, "killed while it computes"
        if how == "driver":
            process.kill()
            process.communicate()
        elif how == "scheduler":
            process.terminate()
            _, err = finished(process, code=143)
            assert "the same command continues" in err
        else:
            worker = worker_of(store)
            assert worker is not None
            os.kill(worker, signal.SIGKILL)
            time.sleep(0.5)
            process.kill()
            _, err = process.communicate()
            assert "its worker was killed (signal 9); once more" in err
        went_on += before > 0
    assert went_on == 2
    _, err = run_cli("evaluate", path, "-o", store, "-j", 1)
    assert "goes on at step" in err
    assert results(store) == results(whole)
    (run,) = (store / "runs").iterdir()
    continued = json.loads((run / "provenance.json").read_text())["continued"]
    steps = [entry["step"] for entry in continued]
    assert steps == sorted(steps)
    assert len(steps) >= 2
    (left,) = (store / ".rlgen").glob("checkpoints/*/*")
    assert left.name.endswith("-last"), "with which a longer run could begin"


def interrupted(path, store):
    """A store whose only run has been left in the middle."""
    process = command("evaluate", path, "-o", store, "-j", 1)
    deadline = time.monotonic() + 120
    while last_checkpoint(store) < 4000:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.terminate()
    finished(process, code=143)
    return next((store / ".rlgen" / "checkpoints").iterdir())


@pytest.mark.slow
def test_a_report_says_how_far_runs_are(write_protocol, tmp_path, undrawn):
    store = tmp_path / "store"
    kept = interrupted(write_protocol(**LONG), store)
    rows = json.loads((kept / "curve.json").read_text())
    assert {row["split"] for row in rows} == {"train", "validation", "test"}
    out, _ = run_cli("report", store)
    (line,) = (line for line in out.splitlines() if line.startswith("Under way: "))
    last = max(row["step"] for row in rows)
    assert f"{last:,} of 24,000 steps: train " in line
    page = (store / "report.html").read_text()
    assert "1 run under way" in page
    (going,) = json.loads((store / "summary.json").read_text())["under_way"]
    assert going["step"] == last
    assert going["returns"].keys() == {"train", "validation", "test"}
    # A bundle holds nothing of it, and is no worse for what its summary said at that moment.
    run_cli("bundle", store, tmp_path / "b.tar.xz")
    assert "0 rows of 0 runs give its summary" in run_cli("verify", tmp_path / "b.tar.xz")[0]


def left_in(folder):
    """A checkpoint of a small run, as a worker leaves it; and what the worker reports."""
    reports = []

    def report(event, **values):
        reports.append({"event": event, **values})

    workspace = Workspace(folder, (), folder, report, checkpoints=folder / "checkpoints")
    workspace.checkpoints.mkdir()
    quick(
        "a2c",
        steps=600,
        checkpoint_every=300,
        keep=lambda state, last: going_on.keep(workspace, state, last=last, extends=False),
    )
    (place,) = workspace.checkpoints.iterdir()
    return replace(workspace, checkpoint=place), reports


@pytest.mark.slow
@pytest.mark.parametrize("name", ["state.safetensors", "state.json", "machine.json", "versions"])
def test_a_checkpoint_that_cannot_be_used_is_named_and_the_run_begins_again(
    name, tmp_path, monkeypatch
):
    workspace, reports = left_in(tmp_path)
    (kept,) = reports
    assert kept == {"event": "checkpoint", "name": workspace.checkpoint.name}
    assert going_on.last_state(workspace).step == int(kept["name"])
    assert "goes on at step" in reports[-1]["text"]
    if name == "versions":
        monkeypatch.setattr(going_on, "DECIDING", ("rlgen", "torch"))
    else:
        path = workspace.checkpoint / name
        path.write_bytes(path.read_bytes()[:-1])
    assert going_on.last_state(workspace) is None
    assert "begins again, as its checkpoint cannot be used" in reports[-1]["text"]
    assert name in reports[-1]["text"]


def test_a_state_that_is_too_large_to_be_read_again_is_not_written(tmp_path, monkeypatch):
    reports = []
    workspace = Workspace(
        tmp_path, (), tmp_path, lambda event, **own: reports.append(own), checkpoints=tmp_path
    )
    state = State(1, 300, {"a": torch.zeros(1000)}, {}, {})
    monkeypatch.setattr(sums, "MOST_BYTES", 4000)
    going_on.keep(workspace, state, last=False, extends=True)
    (report,) = reports
    assert report["text"].startswith("not saved at step 300")
    assert not list(tmp_path.iterdir())
    monkeypatch.setattr(sums, "MOST_BYTES", 4001)
    going_on.keep(workspace, state, last=False, extends=True)
    assert len(list(tmp_path.iterdir())) == 1


def test_a_damaged_curve_of_a_run_under_way_is_written_anew(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    rows = [{"step": step, "split": "test", "ret_mean": 0.5} for step in (0, 100, 200)]
    for row in rows[:2]:
        checkpoints.watch("a", [row])
    assert checkpoints.curves() == {"a": rows[:2]}
    checkpoints.watch("a", [rows[1] | {"ret_mean": 1.0}])
    assert [row["ret_mean"] for row in checkpoints.curves()["a"]] == [0.5, 1.0], "done again"
    (tmp_path / "a" / "curve.json").write_text("{")
    with pytest.raises(DamagedStoreError, match=r"curve\.json"):
        checkpoints.curves()
    checkpoints.watch("a", rows[2:])
    assert checkpoints.curves() == {"a": rows[2:]}
