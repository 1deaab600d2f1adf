"""What is shown while cells run."""

import pytest
from planning import cells_of
from rich.console import Console

from rlgen.protocol import schema
from rlgen.study import progress


@pytest.fixture
def planned(tiny):
    return cells_of(schema.parse(tiny, "x"), "x")


def go_through(shown, planned):
    """A study in which one cell is done, one fails, and one is another command's."""
    first, second, third, fourth = planned
    shown.begin(planned, already=1, jobs=2)
    with shown:
        shown.started(first)
        shown.started(second)
        rows = [
            {"step": 750, "split": split, "ret_mean": mean}
            for split, mean in (("train", 1.5), ("test", -0.25))
        ]
        event = {"step": 750, "steps_per_second": 5000.0, "rows": rows}
        shown.advanced(first, event)
        shown.evaluating(first)
        if isinstance(shown, progress.LiveTable):
            shown._live.refresh()
        shown.finished(first)
        shown.note("a remark")
        shown.failed(second, "RuntimeError: broken [bold]")
        shown.finished(third, note="done by another command")
        shown.waiting_for_others(1)
        shown.waiting_for_others(1)
        shown.finished(fourth)


def test_plain_lines_where_there_is_no_terminal(planned, capsys):
    go_through(progress.Lines(), planned)
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert lines[0] == "4 cells to compute on 2 workers, 1 already there"
    assert lines[1].startswith(f"[1/4] {planned[0].label}  train +1.50  test -0.25  left ")
    assert lines[2] == "a remark"
    assert lines[3] == f"[2/4] FAILED {planned[1].label}: RuntimeError: broken [bold]"
    assert "done by another command" in lines[4]
    assert lines[5] == "waiting for 1 cell that another command is computing"
    assert lines[6].startswith("[4/4]")
    assert len(lines) == 7


def test_what_a_run_did_before_it_was_taken_up_again_is_not_counted(planned, monkeypatch):
    clock = iter((0.0, *[60.0] * 20))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    tally = progress.Tally()
    tally.begin(planned[:1], already=0, jobs=1)
    tally.started(planned[0])
    steps = planned[0].steps
    tally.advanced(planned[0], {"step": steps // 2, "steps_per_second": 1.0})
    assert tally.time_left == "?", "nothing has been done yet"
    tally.advanced(planned[0], {"step": steps // 2 + steps // 4, "steps_per_second": 1.0})
    assert tally.time_left == "1:00", "as long as the quarter before"


@pytest.mark.parametrize(("step", "words"), [(600, "600 of 1,500"), (4096, "4,096 of 4,096")])
def test_a_last_rollout_is_no_more_steps_than_there_are(planned, capsys, monkeypatch, step, words):
    monkeypatch.setattr(progress, "PAUSE", 0)
    lines = progress.Lines()
    lines.begin(planned[:1], already=0, jobs=1)
    lines.started(planned[0])
    lines.advanced(planned[0], {"step": step, "steps_per_second": 1.0, "rows": []})
    assert f": {words} steps, 1 steps/s" in capsys.readouterr().err


def test_a_live_table_on_a_terminal(planned):
    console = Console(force_terminal=True, record=True, width=150)
    go_through(progress.LiveTable(console), planned)
    text = console.export_text()
    for part in ("+1.50", "-0.25", "5,000", "held out", "evaluating", "0 of 4 cells", "left 0:"):
        assert part in text
    assert f"FAILED  {planned[1].label}: RuntimeError: broken [bold]" in text


def test_a_mean_that_is_not_known_is_empty_in_the_table(planned):
    console = Console(force_terminal=True, record=True, width=150)
    table = progress.LiveTable(console)
    table.begin(planned[:1], 0, 1)
    table.started(planned[0])
    rows = [{"split": "train", "ret_mean": None}, {"split": "test", "ret_mean": 1.0}]
    table.advanced(planned[0], {"step": 5, "steps_per_second": 1.0, "rows": rows})
    console.print(table._draw())
    assert "+1.00" in console.export_text()


def test_quiet_says_nothing(planned, capsys):
    go_through(progress.choose(quiet=True), planned)
    assert capsys.readouterr() == ("", "")


def test_the_choice_follows_the_terminal(monkeypatch):
    assert isinstance(progress.choose(quiet=False), progress.Lines)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("TERM", "xterm")
    assert isinstance(progress.choose(quiet=False), progress.LiveTable)
