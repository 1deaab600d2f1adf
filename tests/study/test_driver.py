"""Studies on disk: continued, extended, interrupted, killed, shared. Real processes, real kills."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from commands import rlgen as run_cli
from helpers import TINY
from shared import once
from studies import command, finished, results

import rlgen
from rlgen.store.run_store import RunStore
from rlgen.util import files


def rows(store):
    """The records in an order that does not depend on when they were computed."""
    frame = rlgen.load(store)
    for column in frame.select_dtypes("category"):
        frame[column] = frame[column].astype(str)
    keys = ["run_id", "condition", "split", "level_id"]
    return frame.sort_values(keys).reset_index(drop=True)


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """The tiny study, computed without any interruption."""

    def make(folder):
        rlgen.evaluate(TINY, folder / "store", jobs=2)

    return once(tmp_path_factory, "reference", make)[0] / "store"


@pytest.mark.slow
def test_the_records_have_the_schema_and_the_numbers(reference):
    frame = rlgen.load(reference)
    assert len(frame) == sum((n + 4 + 8) * 3 for n in (3, 6)) * 2
    assert frame["exact"].all()
    assert (frame["n_episodes"] == 0).all()
    assert set(frame["split"]) == {"train", "validation", "test"}
    assert frame["oracle_ret"].max() == pytest.approx(2.1)
    assert (frame["ret_mean"] <= frame["oracle_ret"].max() + 1e-9).all()
    numbers = frame.select_dtypes("number")
    assert np.isfinite(numbers).all().all()
    for run_id, run in frame.groupby("run_id", observed=True):
        manifest = json.loads(
            (reference / "splits" / f"{run['manifest'].iloc[0]}.json").read_text()
        )
        for pool, part in run.groupby("split", observed=True):
            assert set(part["level_id"]) == set(manifest["pools"][pool]["ids"])
        assert (reference / "runs" / str(run_id)).is_dir()


def test_stored_policies_give_the_stored_returns(reference):
    from rlgen.policies import checkpoint
    from rlgen_envs import FAMILIES

    frame = rlgen.load(reference)
    run = frame[(frame["run_id"] == frame["run_id"].iloc[0]) & (frame["split"] == "test")]
    policy = checkpoint.load(reference / "runs" / str(run["run_id"].iloc[0]))
    family = FAMILIES["maze-basic"].configure({"size": 5})
    ids = run["level_id"].unique()
    again = rlgen.evaluate_policy(policy, family, ids, list(run["condition"].unique()))
    for column in ("ret_mean", "ret_var", "p_solved", "oracle_ret", "random_ret"):
        assert again[column].to_numpy() == pytest.approx(run[column].to_numpy(), abs=1e-9)


@pytest.mark.slow
def test_the_same_study_gives_the_same_bits(reference, tmp_path, undrawn):
    rlgen.evaluate(TINY, tmp_path / "again", jobs=1)
    assert results(tmp_path / "again") == results(reference)


def test_the_same_command_again_does_nothing_and_says_so(reference, write_protocol, tmp_path):
    store = tmp_path / "store"
    shutil.copytree(reference, store)
    before = {p: p.stat().st_mtime_ns for p in store.rglob("*") if p.is_file()}
    out, _ = run_cli("evaluate", write_protocol(), "-o", store)
    assert "Nothing to compute: all 4 cells are there." in out
    after = {p: p.stat().st_mtime_ns for p in store.rglob("*") if p.is_file()}
    changed = {p.name for p in after if after[p] != before.get(p)}
    assert changed <= {"protocol.toml", "plan.json", "store"}


@pytest.mark.slow
def test_more_seeds_and_conditions_extend(reference, write_protocol, tmp_path, undrawn):
    store = tmp_path / "store"
    shutil.copytree(reference, store)
    before = results(store)
    faced = [*TINY["conditions"], "sticky_proposed:0.25", "delay:1"]
    path = write_protocol(conditions=faced)
    _, err = run_cli("evaluate", path, "-o", store, "--seeds", "0:3", "-j", 2)
    assert "6 cells to compute" in err
    after = results(store)
    assert {key: after[key] for key in before} == before, "a finished run was changed"
    assert len(list((store / "extra").iterdir())) == 4
    fresh = tmp_path / "fresh"
    rlgen.evaluate({**TINY, "conditions": faced, "seeds": [0, 1, 2]}, fresh, jobs=2)
    pd.testing.assert_frame_equal(rows(store), rows(fresh), check_exact=True)
    assert len(list((store / "history").glob("protocol-*.toml"))) == 1
    told = [json.loads((s / "summary.json").read_text()) for s in (store, fresh)]
    assert told[0]["cells"] == told[1]["cells"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.long)])
def test_kill_9_at_any_moment_loses_at_most_the_cells_in_flight(
    seed, reference, write_protocol, tmp_path, undrawn
):
    store, path = tmp_path / "store", write_protocol()
    # The whole takes six seconds on an idle machine, and longer on a busy one.
    moments = np.random.Generator(np.random.PCG64(seed)).uniform(1.0, 8.0, size=3)
    kept: set[str] = set()
    for moment in moments:
        process = command("evaluate", path, "-o", store, "-j", 2)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(moment)
        process.kill()
        process.communicate()
        if (store / "runs").is_dir():
            now = {p.name for p in (store / "runs").iterdir()}
            assert kept <= now, "a finished run was lost"
            kept = now
    run_cli("evaluate", path, "-o", store, "-j", 2)
    assert results(store) == results(reference)
    told = [json.loads((s / "summary.json").read_text()) for s in (store, reference)]
    assert told[0] == told[1]


@pytest.mark.slow
def test_an_interrupt_ends_with_130_and_can_be_continued(
    reference, write_protocol, tmp_path, undrawn
):
    store, path = tmp_path / "store", write_protocol()
    # Where the tests were started in the background, children would inherit ignored interrupts.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = command("evaluate", path, "-o", store, "-j", 2)
    signal.signal(signal.SIGINT, before)
    deadline = time.monotonic() + 120
    while not list((store / "runs").glob("*")) and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "the same command continues" in err
    assert "Traceback" not in err
    run_cli("evaluate", path, "-o", store, "-j", 2)
    assert results(store) == results(reference)


@pytest.mark.slow
def test_workers_end_with_their_driver(write_protocol, tmp_path):
    store = tmp_path / "store"
    process = command("evaluate", write_protocol(steps=10**9), "-o", store, "-j", 2)
    deadline = time.monotonic() + 120
    while not list((store / ".rlgen").glob("logs/*")) and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(1)
    assert _processes_on(store)
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 30
    while _processes_on(store) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not _processes_on(store)


def _processes_on(store):
    """Processes that write to a log of the store."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if str(store) in str((folder / "fd" / "1").readlink()):
                found.append(folder.name)
        except OSError:
            continue
    return found


@pytest.mark.slow
def test_a_dead_server_is_replaced(reference, write_protocol, tmp_path, undrawn, real_servers):
    store = tmp_path / "store"
    process = command("evaluate", write_protocol(), "-o", store, "-j", 2)
    deadline = time.monotonic() + 120
    while not list((store / ".rlgen").glob("logs/*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    for child in children:
        os.kill(int(child), signal.SIGKILL)
    _, err = finished(process)
    assert "once more" in err
    assert results(store) == results(reference)


@pytest.mark.slow
def test_what_others_add_needs_no_fork(outside, write_protocol, tmp_path):
    """The report included, for levels that are computed and for such as can only be played."""
    store = tmp_path / "s"
    path = write_protocol(
        family=["outside-good", "outside-played"],
        family_options={},
        agent="outside-a2c",
        agent_options={},
        network="outside-32",
        regulariser="random_spawn+slower",
        conditions=["plain", "sharper", "sticky_executed:0.25"],
        n_train_levels=[3],
        seeds=[0, 1],
        episodes=2,
    )
    catalogues, _ = run_cli("list")
    run_cli("plan", path)
    out, _ = run_cli("evaluate", path, "-o", store)
    listed = {}
    for line in catalogues.splitlines():
        if line.endswith(":") and not line.startswith(" "):
            kind = listed.setdefault(line[:-1], [])
        else:
            kind.append(line)
    for kind, name in [
        ("families", "outside-played"),
        ("agents", "outside-a2c"),
        ("networks", "outside-32"),
        ("perturbations", "sharper"),
        ("regularisers", "slower"),
    ]:
        assert any(name in line for line in listed[kind]), kind
    assert "of outside-good" in out
    assert "of outside-played" in out
    frame = rlgen.load(store)
    exact = frame.groupby(["family", "condition"], observed=True)["exact"].agg(["min", "max"])
    assert exact.loc["outside-good"].to_numpy().all()
    assert not exact.loc["outside-played"].to_numpy().any()
    assert len(exact) == 6
    page, summary = (store / name for name in ("report.html", "summary.json"))
    assert "sharper:2" in page.read_text()
    assert set(frame["regulariser"]) == {"random_spawn+slower:0.5"}
    cells = json.loads(summary.read_text())["cells"]
    assert {cell["family"] for cell in cells} == {"outside-good", "outside-played"}
    for cell in cells:
        assert (cell["agent"], cell["network"], cell["runs"]) == ("outside-a2c", "outside-32", 2)
        for told in cell["conditions"].values():
            assert told["gap"]["low"] <= told["gap"]["mean"] <= told["gap"]["high"]
        assert cell["normalised"]["gap"]["mean"] is not None


@pytest.mark.slow
def test_a_cell_that_raises_stops_nobody(outside, write_protocol, tmp_path, undrawn):
    store = tmp_path / "store"
    path = write_protocol(
        family=["outside-raises", "outside-good"], family_options={}, seeds=[0], n_train_levels=[3]
    )
    # The second command tries it again, and leaves the good one alone.
    out, err = run_cli("evaluate", path, "-o", store, code=1)
    _, again = run_cli("evaluate", path, "-o", store, code=1)
    assert "1 cell to compute on" in again
    assert "RuntimeError: the <b>outside</b> environment broke" in err
    assert "of outside-good" in out
    (trace,) = (store / "failures").glob("*/traceback.txt")
    assert "Traceback" in trace.read_text()
    assert str(trace) in err
    page = (store / "report.html").read_text()
    assert "the &lt;b&gt;outside&lt;/b&gt; environment broke" in page
    assert "<b>outside" not in page
    summary = json.loads((store / "summary.json").read_text())
    assert len(summary["failed"]) == 1
    assert len(summary["cells"]) == 1


@pytest.mark.slow
def test_a_worker_that_is_killed_is_tried_once_more(
    outside, write_protocol, tmp_path, monkeypatch, undrawn
):
    path = write_protocol(
        family=["outside-dies", "outside-good"], family_options={}, seeds=[0], n_train_levels=[3]
    )
    monkeypatch.setenv("OUTSIDE_MARKER", str(tmp_path / "marker"))
    _, err = run_cli("evaluate", path, "-o", tmp_path / "s")
    assert "worker was killed (signal 9); once more" in err
    assert len(list((tmp_path / "s" / "runs").iterdir())) == 2


@pytest.mark.slow
def test_a_worker_that_is_killed_twice_has_failed(outside, write_protocol, tmp_path, undrawn):
    path = write_protocol(
        family=["outside-dies", "outside-good"], family_options={}, seeds=[0], n_train_levels=[3]
    )
    store = tmp_path / "s"
    _, err = run_cli("evaluate", path, "-o", store, code=1)
    assert "its worker was killed 2 times (signal 9)" in err
    assert len(list((store / "runs").iterdir())) == 1


@pytest.mark.slow
def test_two_commands_on_one_store(reference, write_protocol, tmp_path, undrawn):
    store, path = tmp_path / "store", write_protocol()
    both = [command("evaluate", path, "-o", store, "-j", 1) for _ in range(2)]
    told = [finished(process) for process in both]
    assert results(store) == results(reference)
    lines = "".join(err for _, err in told).splitlines()
    trained = [line for line in lines if "train +" in line or "train -" in line]
    assert len(trained) == 4, "a cell was computed twice"
    summary = json.loads((store / "summary.json").read_text())
    assert summary == json.loads((reference / "summary.json").read_text())


@pytest.mark.slow
def test_a_command_that_does_not_wait_leaves_cells_to_who_computes_them(
    reference, write_protocol, tmp_path, undrawn
):
    store, path = tmp_path / "store", write_protocol()
    shutil.copytree(reference, store)
    last, other = sorted((store / "runs").iterdir())[:2]
    shutil.rmtree(last)
    (store / "report.html").unlink()
    elsewhere = RunStore(store)
    with elsewhere.claim(last.name) as held:
        assert held
        out, _ = run_cli("evaluate", path, "-o", store, "--no-wait")
        assert out == f"1 cell left to the other commands on {store}; the last writes the report\n"
        assert not (store / "report.html").exists()
        # It goes on with what nobody is at.
        shutil.rmtree(other)
        out, _ = run_cli("evaluate", path, "-o", store, "--no-wait", "--json")
        told = json.loads(out)
        assert (told["computed"], told["elsewhere"], told["summary"]) == (
            [other.name],
            [last.name],
            {},
        )
    run_cli("evaluate", path, "-o", store, "--no-wait")
    assert results(store) == results(reference)
    assert (store / "report.html").exists()


@pytest.mark.slow
def test_shards_share_a_folder(reference, write_protocol, tmp_path, undrawn):
    store, path = tmp_path / "store", write_protocol()
    out, _ = run_cli("evaluate", path, "-o", store, "--shard", "0/2")
    assert "2 cells are missing" in out
    assert "2 of 4 cells have not been computed" in (store / "report.html").read_text()
    out, _ = run_cli("evaluate", path, "-o", store, "--shard", "1/2")
    assert "missing" not in out
    assert results(store) == results(reference)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        ("other steps", "key 'steps' is 1500 in the store and 9 now; choose another folder"),
        (
            lambda s: s.rename(s.with_name("gone")) and s.write_text("a file"),
            "is a file, and a study is computed in a folder",
        ),
        (lambda s: (s / "store.json").unlink(), "is not an rlgen store and not empty"),
        (lambda s: (s / "store.json").write_text("{"), "store.json: is not as it was written"),
        (lambda s: files.replace(s, {"store.json": b"{"}), "store.json: is not valid JSON"),
        (lambda s: files.replace(s, {"store.json": b'{"format": 99}'}), "store format 99"),
        (lambda s: files.replace(s, {"plan.json": b"[{"}), "plan.json: is not valid JSON"),
        (lambda s: files.replace(s, {"protocol.toml": b"a ="}), "protocol.toml: not valid TOML"),
    ],
)
def test_a_folder_that_cannot_be_used(spoil, told, reference, write_protocol, tmp_path):
    store = tmp_path / "store"
    shutil.copytree(reference, store)
    if callable(spoil):
        spoil(store)
    before = results(store) if store.is_dir() else {}
    path = write_protocol() if callable(spoil) else write_protocol(steps=9)
    out, err = run_cli("evaluate", path, "-o", store, code=(1, 2))
    assert told in err
    assert len(err.splitlines()) == 1
    assert not out
    assert (results(store) if store.is_dir() else {}) == before


def test_another_protocol_s_store(reference, write_protocol, tmp_path):
    path = write_protocol(name="other")
    _, err = run_cli("evaluate", path, "-o", reference, code=2)
    assert "holds the study 'tiny', not 'other'; choose another folder" in err


def test_an_unwritable_folder(write_protocol):
    _, err = run_cli("evaluate", write_protocol(), "-o", "/proc/rlgen", code=2)
    assert "/proc/rlgen: cannot be written to" in err
    assert len(err.splitlines()) == 1


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["report", "evaluate"])
def test_a_truncated_file_is_named_and_can_be_replaced(
    verb, reference, write_protocol, tmp_path, undrawn
):
    store = tmp_path / "store"
    shutil.copytree(reference, store)
    (store / "summary.json").unlink()
    victim = sorted((store / "runs").iterdir())[1]
    whole = (victim / "records.parquet").read_bytes()
    (victim / "records.parquet").write_bytes(whole[: len(whole) // 2])
    path = write_protocol()
    arguments = ["report", store] if verb == "report" else ["evaluate", path, "-o", store]
    _, err = run_cli(*arguments, code=2)
    assert f"{victim / 'records.parquet'}: is not as it was written" in err
    assert f"move the folder {victim} away" in err
    assert len(err.splitlines()) == 1
    assert len(list((store / "runs").iterdir())) == 4
    victim.rename(tmp_path / "moved")
    run_cli("evaluate", path, "-o", store)
    assert results(store) == results(reference)


@pytest.mark.slow
def test_provenance_says_where_from_and_nothing_private(reference, monkeypatch, tmp_path, undrawn):
    monkeypatch.setenv("MY_SECRET_TOKEN", "hunter2-in-the-environment")
    store = tmp_path / "store"
    rlgen.evaluate({**TINY, "seeds": [0], "n_train_levels": 3}, store, jobs=1)
    (told,) = RunStore(store).provenance().values()
    assert told["versions"]["torch"]
    assert told["versions"]["stable-baselines3"]
    assert told["platform"]
    assert told["device"] == "cpu"
    assert "/" not in told["command"][0], "where programs lie on the machine"
    assert {"draw_levels", "train", "test_worker", "evaluate"} <= set(told["seconds"])
    for file in store.rglob("*"):
        if file.is_file():
            assert b"hunter2-in-the-environment" not in file.read_bytes()


@pytest.mark.slow
def test_a_script_needs_no_main_guard(tmp_path):
    script = tmp_path / "script.py"
    keys = {**TINY, "seeds": [0], "n_train_levels": 3}
    script.write_text(
        f"import rlgen\nprint(len(rlgen.evaluate({keys!r}, 'out', seeds=range(2)).computed))\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True, timeout=200
    )
    assert done.stdout == "2\n", done.stderr


def test_an_exception_of_several_lines_is_told_in_one():
    from rlgen.study.driver import _raised

    log = "noise\nTraceback (most recent call last):\n  File x, line 1, in f\n    raise\n"
    assert _raised(log + "ValueError: one\ntwo\n") == "ValueError: one two"
    assert _raised("ValueError: one") == "ValueError: one"
    assert _raised(log + "rlgen.errors.LevelError: level 3: no") == "level 3: no"
    assert _raised("") == "it raised an exception"
