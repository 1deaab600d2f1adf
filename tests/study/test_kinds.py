"""Kinds of cells and executors of other distributions: run, resumed, retried, without a fork."""

import json
import os
import signal
import time

import pytest
from executor_contract import ExecutorContract, events_until_ended, job, until_reported
from helpers import TINY
from planning import cells_of
from studies import Fork

import rlgen
from rlgen.errors import StoreError, UnknownNameError
from rlgen.papers import Paper
from rlgen.protocol.schema import parse
from rlgen.store.run_store import RunStore
from rlgen.study import worker
from rlgen.study.cell import Task
from rlgen.study.driver import work
from rlgen.study.executors import EXECUTORS
from rlgen.study.executors.base import Executor
from rlgen.study.kinds import KINDS
from rlgen.study.means import Means
from rlgen.study.progress import Lines, Progress
from rlgen.util import sums
from rlgen_protocols import PAPERS


def compute(store, executor, *cells, jobs=2, progress=None):
    """Cells computed in a store of their own."""
    into = RunStore.create_for(store, "toy", cells)
    tasks = [Task(cell) for cell in cells]
    return work(tasks, into, Means(jobs, executor), progress or Progress())


@pytest.mark.slow
class TestLocal(ExecutorContract):
    @pytest.fixture
    def executor(self, outside, tmp_path):
        with EXECUTORS["local"](tmp_path / "local", ["outside-toy"]) as entered:
            yield entered

    def test_a_dead_server_loses_its_jobs_and_is_replaced(self, executor):
        one, other = job(2, "wait"), job(3)
        executor.start(one)
        process = until_reported(executor)["pid"]
        executor._server._server.kill()
        os.kill(process, signal.SIGKILL)
        assert events_until_ended(executor, one.id)[-1]["outcome"] == "lost"
        executor.start(other)
        assert events_until_ended(executor, other.id)[-1]["outcome"] == "done"


@pytest.mark.slow
class TestCopying(ExecutorContract):
    @pytest.fixture
    def executor(self, outside, tmp_path):
        with EXECUTORS["outside-copying"](tmp_path / "copying", ["outside-toy"]) as entered:
            yield entered


def test_every_kind_and_executor_of_ours_is_what_its_catalogue_says():
    for name in ("train", "evaluate", "clone", "control"):
        assert KINDS[name].kind == name
        assert KINDS.card(name) == KINDS[name].card
    assert issubclass(EXECUTORS["local"], Executor)
    assert EXECUTORS["local"].card == EXECUTORS.card("local")


def test_an_unknown_executor_is_answered_before_anything_is_computed(tmp_path):
    with pytest.raises(UnknownNameError, match=r"'lokal' .did you mean 'local'"):
        rlgen.evaluate(TINY, tmp_path / "s", executor="lokal")
    with pytest.raises(UnknownNameError, match="unknown executor 'lokal'"):
        rlgen.calibrate(out=tmp_path / "s", executor="lokal")
    assert not (tmp_path / "s").exists()


def test_a_worker_of_another_version_does_not_compute_under_the_name_of_a_cell(
    tmp_path, monkeypatch
):
    """Its agents or levels would be others, and nothing would tell."""
    monkeypatch.setattr(worker, "one_core", lambda: None)  # this process is not a worker
    (planned, *_) = cells_of(parse(TINY, "tiny"), "tiny")
    settings = planned.settings | {"agent_version": planned.settings["agent_version"] + 1}
    cell = type(planned).identity(settings)
    folder = tmp_path / "run"
    folder.mkdir()
    with pytest.raises(StoreError, match=f"cell {cell} is {planned.id} for this worker"):
        worker.run(
            report=lambda event, **_: None,
            cell=cell,
            kind=planned.kind,
            settings=settings,
            folder=str(folder),
            cache=str(tmp_path),
        )
    assert not list(folder.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("executor", ["local", "outside-copying"])
def test_a_kind_of_another_package_is_run_stored_and_not_run_again(outside, executor, tmp_path):
    cells = [KINDS["outside-toy"](number) for number in (2, 3)]
    assert len({cell.id for cell in cells}) == 2
    done = compute(tmp_path / "s", executor, *cells)
    assert sorted(done.computed) == sorted(cell.id for cell in cells)
    store = RunStore(tmp_path / "s")
    for cell in cells:
        written = json.loads((store.run_folder(cell.id) / "squares.json").read_text())
        assert written["squares"] == [i * i for i in range(cell.number)]
    again = compute(tmp_path / "s", executor, *cells)
    assert (len(again.computed), len(again.already)) == (0, 2)
    assert [entry["kind"] for entry in store.plan()] == ["outside-toy"] * 2
    assert store.done() == [], "no run of it holds records"


@pytest.mark.slow
@pytest.mark.parametrize("executor", ["local", "outside-copying"])
def test_it_is_retried_when_its_worker_is_killed_and_fails_when_it_raises(
    outside, executor, tmp_path, capsys
):
    toy = KINDS["outside-toy"]
    once, twice = toy(1, "die once", marker=str(tmp_path / "marker")), toy(2, "die")
    broken = toy(3, "raise")
    done = compute(tmp_path / "s", executor, once, twice, broken, progress=Lines())
    assert done.computed == [once.id]
    assert set(done.failed) == {twice.id, broken.id}
    assert "its worker was killed 2 times" in done.failed[twice.id]
    assert "RuntimeError: the toy broke" in done.failed[broken.id]
    err = capsys.readouterr().err
    assert err.count("once more") == 2
    runs = [path.name for path in (tmp_path / "s" / "runs").iterdir()]
    assert runs == [once.id], "half a run is none"
    store = RunStore(tmp_path / "s")
    assert set(store.failures()) == {twice.id, broken.id}
    assert "Traceback" in store.failures()[broken.id]


@pytest.mark.slow
@pytest.mark.parametrize(
    "executor", ["local", pytest.param("outside-copying", marks=pytest.mark.long)]
)
def test_it_resumes_after_its_driver_was_killed(outside, executor, tmp_path):
    store = tmp_path / "s"
    cells = [KINDS["outside-toy"](number, seconds=0.5) for number in range(1, 9)]
    process = Fork(compute, store, executor, *cells)
    deadline = time.monotonic() + 100
    while not list((store / "runs").glob("*")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.kill()
    process.wait()
    before = {path: path.stat().st_mtime_ns for path in (store / "runs").glob("*/squares.json")}
    assert before
    done = compute(store, executor, *cells)
    assert (len(done.already), done.failed) == (len(before), {})
    assert len(done.computed) + len(done.already) == 8
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert len(list((store / "runs").iterdir())) == 8
    assert not list((store / ".rlgen" / "parts").iterdir())


@pytest.mark.slow
def test_a_study_needs_no_shared_disk(outside, tmp_path, undrawn):
    """Trained, then evaluated further, elsewhere: the same bytes as here."""
    keys = {**TINY, "seeds": [0], "n_train_levels": 3}
    for name, executor in (("here", "local"), ("there", "outside-copying")):
        for conditions in (["plain"], ["plain", "greedy"]):
            study = {**keys, "conditions": conditions}
            done = rlgen.evaluate(study, tmp_path / name, jobs=1, executor=executor)
            assert len(done.computed) == 1, done.failed
    here, there = (
        {
            path.relative_to(tmp_path / name): path.read_bytes()
            for folder in ("runs", "extra", "splits")
            for path in (tmp_path / name / folder).rglob("*")
            if path.is_file() and path.name not in ("provenance.json", sums.NAME)
        }
        for name in ("here", "there")
    )
    assert here == there


@pytest.mark.slow
def test_a_paper_s_own_cells_are_run_beside_what_is_trained(
    outside, tmp_path, monkeypatch, undrawn
):
    cell = KINDS["outside-toy"](4)

    class OwnWork(Paper):
        card = "has work of its own"

        def cells(self, study):
            assert study.budget == ""
            return [cell]

    monkeypatch.setitem(PAPERS._table, "own-work", OwnWork())
    study = {**TINY, "seeds": [0], "n_train_levels": 3, "paper": "own-work"}
    done = rlgen.evaluate(study, tmp_path / "s")
    assert len(done.computed) == 2
    assert (done.store / "runs" / cell.id / "squares.json").exists()
    assert len(done.summary["runs"]) == 1
    assert done.summary["missing"] == []
    assert rlgen.evaluate(study, tmp_path / "s").computed == []


def test_a_store_holds_one_kind_of_thing(tmp_path):
    RunStore.create_for(tmp_path / "s", "toy", [])
    with pytest.raises(rlgen.errors.StoreError, match="holds a toy; choose another folder"):
        rlgen.evaluate(TINY, tmp_path / "s")
    with pytest.raises(rlgen.errors.StoreError, match="holds a toy, not a calibration; choose"):
        rlgen.calibrate(out=tmp_path / "s")
    with pytest.raises(rlgen.errors.StoreError, match="holds a toy, not a study"):
        RunStore(tmp_path / "s").declared()
