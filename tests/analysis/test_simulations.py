"""Statistics keep their promises in simulated studies: the short run of ``simulations.py``."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import simulations

from rlgen.analysis import stats

README = Path(stats.__file__).with_name("README.md")


@pytest.mark.slow
@pytest.mark.parametrize("name", simulations.SIMULATIONS)
def test_simulations_come_out_as_required(name):
    one = simulations.SIMULATIONS[name]
    share = one.share(one.short)
    assert one.at_least <= share <= one.at_most, (one.what, share)


def test_simulations_are_seeded():
    for name in ("two-way, 5 x 200", "interquartile mean", "cell-stratified"):
        share = simulations.SIMULATIONS[name].share
        assert share(8) == share(8)


@pytest.mark.slow
def test_the_table_can_be_printed():
    script = Path(simulations.__file__)
    done = subprocess.run([sys.executable, script, "--help"], capture_output=True, text=True)
    assert done.returncode == 0
    assert "--full" in done.stdout


def test_the_printed_table_has_these_simulations():
    """As many studies as the full run makes, the same requirement, and all kept."""
    readme = README.read_text()
    lines = readme[readme.index("| simulation |") :].splitlines()[2:]
    printed = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    rows = {what: (studies, required, holds) for what, studies, _, required, holds in printed}
    assert rows == {
        one.what: (f"{one.full:,}", f"{one.at_least:g} to {one.at_most:g}", "yes")
        for one in simulations.SIMULATIONS.values()
    }
    for one in simulations.SIMULATIONS.values():
        share = next(float(row[2]) for row in printed if row[0] == one.what)
        assert one.at_least - 5e-4 <= share <= one.at_most + 5e-4


def test_every_module_is_described():
    table = README.read_text().split("## Validity")[0]
    described = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", table, re.M))))
    assert described == {path.stem for path in README.parent.glob("[a-z]*.py")}
