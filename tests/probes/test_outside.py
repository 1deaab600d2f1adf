"""A probe of another distribution, as its user meets it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import outside_site
import pytest
from commands import rlgen as run_cli

from rlgen.probes import PROBES


@pytest.mark.slow
def test_a_probe_of_others_is_like_one_of_ours(site, write_protocol, tmp_path):
    path = write_protocol(
        n_train_levels=[3], network="mlp-64-64", seeds=[0], steps=200, probes="outside-small"
    )
    store = tmp_path / "store"
    with outside_site.installed(site):
        listed, _ = run_cli("list", "probes")
        run_cli("evaluate", path, "-o", store)
        out, _ = run_cli("probe", store, "--probe", "outside-small", "--json")
    assert "outside-small" in listed
    assert set(PROBES) <= {line.split()[0] for line in listed.splitlines()}
    (run,) = (store / "runs").iterdir()
    kept = json.loads((run / "probes.json").read_text())
    assert "training-fit" in kept, "the baselines are measured beside it"
    assert 0 < kept["outside-small"]["numbers"]["share"]["value"] < 1
    (told,) = json.loads(out)
    assert told["probes"]["outside-small"]["numbers"] == kept["outside-small"]["numbers"]
    # A page is made where it is not installed, and its numbers cannot be measured there.
    run_cli("report", store)
    assert "weights below 0.01" in (store / "report.html").read_text()
    _, err = run_cli("probe", run, "--probe", "outside-small", code=2)
    assert "unknown probe 'outside-small'" in err
    # In a process of its own, where the distribution is found as an installed one is.
    paths = (str(site), os.environ.get("PYTHONPATH"))
    contract = ("-q", "-n", "0", "-p", "no:cacheprovider", "-k", "outside-small")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", Path(__file__).parent / "test_contract.py", *contract],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
    )
    assert done.returncode == 0, done.stdout
    assert "7 passed" in done.stdout
