"""A protocol takes a short way from the command to the worker."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "support" / "rooms.py"


@pytest.mark.slow
def test_at_most_fifteen_modules_are_handed_a_protocol():
    done = subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True, timeout=200)
    number, *modules = done.stdout.splitlines()
    assert number.split()[0] == str(len(modules) - 1)
    assert {"rlgen.api", "rlgen.study.plan", "rlgen.study.executors.local"} <= set(modules)
    assert len(modules) - 1 <= 15, done.stdout
