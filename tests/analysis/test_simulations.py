"""Statistics keep their promises in simulated studies: the short run of ``simulations.py``."""

import subprocess
import sys
from pathlib import Path

import pytest
import simulations


@pytest.mark.slow
@pytest.mark.parametrize("name", simulations.SIMULATIONS)
def test_simulations_come_out_as_asked(name):
    asked = simulations.SIMULATIONS[name]
    share = asked.share(asked.short)
    assert asked.at_least <= share <= asked.at_most, (asked.what, share)


def test_simulations_are_seeded():
    for name in ("two-way, 5 x 200", "pigeonhole IQM", "cell-stratified"):
        share = simulations.SIMULATIONS[name].share
        assert share(8) == share(8)


def test_the_table_can_be_printed():
    script = Path(simulations.__file__)
    done = subprocess.run([sys.executable, script, "--help"], capture_output=True, text=True)
    assert done.returncode == 0
    assert "--full" in done.stdout
