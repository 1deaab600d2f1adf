"""The fork server: jobs in processes of their own, and what becomes of them."""

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from rlgen.study.executors.fork_server import ForkServer, end_waiting
from rlgen.study.executors.local import PRELOAD
from rlgen.study.executors.server import STATUS_RAISED
from rlgen.study.kinds.train import TrainCell

pytestmark = pytest.mark.usefixtures("real_servers")


def events_of(executor, job, call, **arguments):
    executor.start(job, f"jobs:{call}", arguments)
    found = []
    deadline = time.monotonic() + 100
    while not found or found[-1]["event"] != "ended":
        found += executor.events(timeout=1)
        assert time.monotonic() < deadline
    assert {event["id"] for event in found} == {job}
    return found


@pytest.fixture
def executor(tmp_path):
    with ForkServer(tmp_path, ["jobs:prepare"]) as started:
        yield started


def children(process):
    return Path(f"/proc/{process}/task/{process}/children").read_text().split()


def test_a_job_tells_leaves_and_ends(executor):
    told, leaving, ended = events_of(executor, "one", "tell")
    assert [e["event"] for e in (told, leaving, ended)] == ["told", "leaving", "ended"]
    assert ended["status"] == 0
    other = events_of(executor, "two", "tell")[0]
    assert other["pid"] != told["pid"], "every job has its own process"
    assert other["prepared"] == [other["parent"]], "the server was prepared, once"


def test_arguments_may_be_longer_than_a_pipe(executor):
    text = "x" * 200_000
    assert events_of(executor, "long", "tell", text=text)[0]["length"] == len(text)


def test_a_job_that_raises_does_not_leave(executor, tmp_path):
    (ended,) = events_of(executor, "bad", "broken")
    assert (ended["event"], ended["status"]) == ("ended", STATUS_RAISED)
    assert "RuntimeError: broken" in (tmp_path / "bad.log").read_text()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="finds the process in /proc")
def test_a_waiting_process_that_dies_is_replaced(executor):
    events_of(executor, "first", "tell")
    for _ in range(3):
        (spare,) = children(executor._server.pid)
        os.kill(int(spare), signal.SIGKILL)
        while spare in children(executor._server.pid):
            time.sleep(0.05)
        told = events_of(executor, "next", "tell")
        assert told[-1]["status"] == 0
        assert told[0]["pid"] != int(spare)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only there a job dies with its server")
def test_a_dead_server_is_told_when_its_last_job_has_ended(executor, tmp_path):
    executor.start("long", "jobs:wait", {"until": str(tmp_path / "now")})
    while not (tmp_path / "long.log").exists():
        time.sleep(0.05)
    executor._server.kill()
    executor._server.wait()
    executor.start("next", "jobs:tell", {})
    # The one died with its server; the other was never started.
    ended, deadline = {}, time.monotonic() + 20
    while len(ended) < 2 and time.monotonic() < deadline:
        ended |= {event["id"]: event["status"] for event in executor.events(timeout=1)}
    assert ended == {"long": -signal.SIGKILL, "next": -signal.SIGKILL}
    assert events_of(executor, "next", "tell")[-1]["status"] == 0


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="finds the process in /proc")
def test_nobody_is_left(tmp_path):
    with ForkServer(tmp_path) as executor:
        events_of(executor, "first", "tell")
        (spare,) = children(executor._server.pid)
    end_waiting()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{spare}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.slow
def test_workers_find_imported_what_all_of_them_need(tmp_path):
    (tmp_path / "logs").mkdir()
    with ForkServer(tmp_path / "logs", (*PRELOAD, *TrainCell.preload)) as executor:
        told = events_of(executor, "cell", "tiny_cell", folder=str(tmp_path / "run"))
    # What takes long to import comes in hundreds of modules.
    assert len(told[0]["late"]) < 20, told[0]["late"]


@pytest.mark.slow
def test_a_server_without_jobs_waits_for_the_next_study(tmp_path, monkeypatch):
    def server(folder, told):
        monkeypatch.chdir(folder)
        monkeypatch.setenv("RLGEN_TEST", told)
        with ForkServer(tmp_path, ["jobs:prepare"]) as executor:
            event, *_ = events_of(executor, told, "where")
        assert (event["folder"], event["told"]) == (str(folder), told)
        return event["server"]

    (tmp_path / "other").mkdir()
    first = server(tmp_path, "first")
    assert server(tmp_path / "other", "second") == first, "with another folder and environment"
    monkeypatch.syspath_prepend(str(tmp_path))
    assert server(tmp_path, "third") != first, "modules are found elsewhere"
    monkeypatch.undo()
    end_waiting()
    assert not Path(f"/proc/{first}").exists()
    assert server(tmp_path, "fourth") != first


@pytest.mark.slow
def test_a_server_with_jobs_does_not_wait(tmp_path):
    for fails in (False, True):
        with suppress(ZeroDivisionError), ForkServer(tmp_path, ["jobs"]) as executor:
            if fails:
                raise ZeroDivisionError
            executor.start("one", "jobs:wait", {"until": str(tmp_path / "never")})
        assert executor._server.poll() is not None
