"""What every executor keeps: tests to be collected by a subclass that says which executor it is.

The subclass is a class of tests with a fixture ``executor``: an entered executor whose workers find
the distribution of ``outside_site``, from whose kind of cells the jobs are.
"""

import os
import time
from pathlib import Path

from rlgen.study.executors.base import DONE, LOST, RAISED, Job


def job(number, trouble="", marker="", **keys):
    """A job of the toy kind."""
    from rlgen_outside_kind import ToyCell

    cell = ToyCell(number, trouble, marker=marker)
    return Job(cell.id, cell.kind, cell.settings, **keys)


def events_until_ended(executor, *ids):
    """All events until these jobs have ended."""
    left, events = set(ids), []
    deadline = time.monotonic() + 200
    while left:
        for event in executor.events(timeout=1):
            events.append(event)
            if event["event"] == "ended":
                left.remove(event["id"])
        assert time.monotonic() < deadline, events
    return events


def until_reported(executor):
    """The first event that a cell reports itself, which says in which process it is."""
    deadline = time.monotonic() + 200
    while True:
        for event in executor.events(timeout=1):
            if event["event"] == "progress":
                return event
        assert time.monotonic() < deadline


def written_by(executor, one, into):
    """What a job of the toy kind has written, computed and fetched."""
    from rlgen_outside_kind import read

    executor.start(one)
    ended = events_until_ended(executor, one.id)[-1]
    assert ended["outcome"] == DONE, (ended, executor.log(one.id))
    into.mkdir()
    executor.fetch(one.id, into)
    return read(into)


def is_running(process):
    try:
        return "Z" not in Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


class ExecutorContract:
    def test_a_done_job_reports_ends_and_is_fetched(self, executor, tmp_path):
        from rlgen_outside_kind import read

        assert executor.workers() >= 1
        one = job(3, wanted=["all of them"])
        executor.start(one)
        events = events_until_ended(executor, one.id)
        assert {event["id"] for event in events} == {one.id}
        assert events[0]["event"] == "placed"
        assert events[0]["node"]
        assert events[1]["event"] == "progress"
        assert events[1]["pid"] != os.getpid(), "in a process of its own"
        names = [event["event"] for event in events[2:]]
        assert names in (["ended"], ["leaving", "ended"])
        assert events[-1]["outcome"] == DONE
        into = tmp_path / "into"
        into.mkdir()
        executor.fetch(one.id, into)
        assert {path.name for path in into.iterdir()} == {"half", "squares.json"}
        written = read(into)
        assert written.pop("state")["one thread"] == "1"
        assert written == {"squares": [0, 1, 4], "wanted": ["all of them"], "before": {}}
        assert "counting to 3" in executor.log(one.id)

    def test_a_job_that_raises_says_why(self, executor):
        one = job(2, "raise")
        executor.start(one)
        assert events_until_ended(executor, one.id)[-1]["outcome"] == RAISED
        log = executor.log(one.id)
        assert "Traceback" in log
        assert log.strip().endswith("RuntimeError: the toy broke")

    def test_a_job_that_is_killed_is_lost_and_can_be_started_again(self, executor, tmp_path):
        one = job(2, "die once", marker=str(tmp_path / "marker"))
        executor.start(one)
        ended = events_until_ended(executor, one.id)[-1]
        assert ended["outcome"] == LOST
        assert ended["why"]
        assert written_by(executor, one, tmp_path / "into")["squares"] == [0, 1]

    def test_a_checkpoint_is_fetched_and_given_to_the_next_attempt(self, executor, tmp_path):
        from rlgen_outside_kind import read

        own = {"trouble": "die later", "marker": str(tmp_path / "marker")}
        one = job(2, **own)
        executor.start(one)
        names, ended = [], None
        while ended is None:
            for event in executor.events(timeout=1):
                if event["event"] == "checkpoint":
                    names.append(event["name"])
                    (tmp_path / event["name"]).mkdir()
                    executor.fetch_checkpoint(one.id, event["name"], tmp_path / event["name"])
                ended = event if event["event"] == "ended" else ended
        assert ended["outcome"] == LOST
        assert [int(name) for name in names] == [1, 2]
        assert [read(tmp_path / name, "count.json") for name in names] == [1, 2]
        executor.start(job(2, **own, checkpoint=tmp_path / names[-1]))
        assert events_until_ended(executor, one.id)[-1]["outcome"] == DONE
        (tmp_path / "into").mkdir()
        executor.fetch(one.id, tmp_path / "into")
        assert read(tmp_path / "into")["went on from"] == 2

    def test_what_was_done_earlier_is_read_and_left_alone(self, executor, tmp_path):
        first = written_by(executor, job(2, wanted=["first"]), tmp_path / "first")
        one = job(2, wanted=["second"], earlier=tmp_path / "first")
        second = written_by(executor, one, tmp_path / "second")
        assert second["before"] == first
        assert first["wanted"] == ["first"]

    def test_a_cell_finds_no_traces_of_the_one_before(self, executor, tmp_path):
        troubles = ("", "spoil", "")
        states = [
            written_by(executor, job(number, trouble), tmp_path / str(number))["state"]
            for number, trouble in enumerate(troubles)
        ]
        assert states[0] == states[2] != states[1]
        assert states[0]["threads"] == 1

    def test_several_at_a_time(self, executor):
        jobs = [job(number) for number in range(1, 5)]
        for one in jobs:
            executor.start(one)
        events = events_until_ended(executor, *(one.id for one in jobs))
        for one in jobs:
            own = [event for event in events if event["id"] == one.id]
            assert own[-1]["event"] == "ended"
            assert own[-1]["outcome"] == DONE
            assert sum(event["event"] == "ended" for event in own) == 1

    def test_leaving_it_kills_all_jobs(self, executor):
        one = job(2, "wait")
        executor.start(one)
        process = until_reported(executor)["pid"]
        assert is_running(process)
        executor.__exit__(None, None, None)
        deadline = time.monotonic() + 20
        while is_running(process):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        executor.__enter__()  # so that the fixture can leave it
