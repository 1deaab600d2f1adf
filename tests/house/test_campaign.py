"""Campaigns of damage at a size for every day; ``python -m campaign`` runs them at any."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from unittest import mock

import pytest
import tomli_w
from campaign import acts, command_lines, damage, faults, flips, kills, protocols, tables
from helpers import TINY
from shared import once
from studies import command

pytestmark = pytest.mark.slow

#: Cases of each; the first thousands of all have been run without a finding.
CASES = {
    flips: range(13),
    damage: range(17),
    protocols: range(150),
    tables: range(40),
    command_lines: range(60),
    kills: range(11),
    faults: range(8),
}


@pytest.fixture(scope="session")
def subjects(tmp_path_factory):
    """A study, its bundle, an import and a zip; each test takes a copy."""
    from campaign import subjects

    def make(folder):
        for subject in (subjects.bundle, subjects.imported, subjects.policy):
            subject(folder)

    return once(tmp_path_factory, "campaign", make)[0]


@pytest.mark.parametrize("campaign", CASES, ids=lambda module: module.__name__.split(".")[-1])
def test_nothing_is_found(campaign, subjects, tmp_path, request):
    if campaign is kills:  # where the same page is written time and again
        request.getfixturevalue("undrawn")
    copy = tmp_path / "campaign"
    subprocess.run(["cp", "-a", str(subjects), str(copy)], check=True)
    assert list(campaign.cases(copy, CASES[campaign])) == []


def children(pid):
    """Processes that a process has started, and theirs."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    own = [int(word) for word in text.split()]
    return [*own, *(other for each in own for other in children(each))]


def lives(pid):
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process of its parent")
@pytest.mark.parametrize("victims", ["driver", "server", "both"])
def test_no_worker_outlives_its_driver_and_its_server(victims, tmp_path, real_servers):
    protocol = tmp_path / "long.toml"
    protocol.write_text(tomli_w.dumps({**TINY, "steps": 100_000_000, "curve_points": 1}))
    driver = command("evaluate", protocol, "-o", tmp_path / "store", "-j", 2)
    deadline = time.monotonic() + 100
    while len(children(driver.pid)) < 4:  # the server, two workers, and one that waits
        assert time.monotonic() < deadline
        time.sleep(0.1)
    server, *workers = children(driver.pid)
    for pid in {"driver": [driver.pid], "server": [server], "both": [server, driver.pid]}[victims]:
        os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while any(map(lives, workers)):
        assert time.monotonic() < deadline, "a worker lives on"
        time.sleep(0.1)
    driver.kill()
    driver.wait()


#: What a command may not do, and what is then said of it.
STOPS = [
    (KeyError("x"), "raised KeyError"),
    (lambda: time.sleep(5), "raised Hang"),
    (lambda: sys.exit(1), "exit code 1"),
    (lambda: sys.exit(2), "exit code 2 without a word"),
    (lambda: sys.exit(77), "exit code 77"),
    (lambda: print("a\x1b[2J"), "a character that acts"),
    (lambda: print("Traceback (most recent call last)"), "a traceback"),
]


@pytest.mark.parametrize(("behaviour", "fault"), STOPS, ids=[fault for _, fault in STOPS])
def test_what_no_command_may_do_is_noticed(behaviour, fault):
    with mock.patch("rlgen.protocol.json_schema.json_schema", side_effect=behaviour):
        wrong = acts.faults(acts.act("schema", limit=0.5))
    assert any(fault in line for line in wrong), wrong


def test_another_number_without_a_word_is_noticed():
    def done(text):
        with mock.patch("rlgen.protocol.json_schema.json_schema", side_effect=lambda: [text]):
            return acts.act("schema")

    assert acts.differences(done("gap 1"), done("gap 1")) == []
    (line,) = acts.differences(done("gap 2"), done("gap 1"))
    assert "other numbers without a word" in line
