"""A probe of another distribution, as its user meets it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import outside_site
import pytest
from commands import processes
from commands import rlgen as run_cli

from rlgen.probes import PROBES


@pytest.mark.slow
def test_a_probe_of_others_is_like_one_of_ours(write_protocol, tmp_path):
    site = outside_site.install(tmp_path / "site")
    paths = (str(site), os.environ.get("PYTHONPATH"))
    environment = {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    path = write_protocol(
        n_train_levels=[3], network="mlp-64-64", seeds=[0], steps=200, probes="outside-small"
    )
    store = tmp_path / "store"
    (listed, _), _, (out, _) = processes(
        (("list", "probes"), 0),
        (("evaluate", path, "-o", store), 0),
        (("probe", store, "--probe", "outside-small", "--json"), 0),
        environment=environment,
    )
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
    contract = ("-q", "-n", "0", "-p", "no:cacheprovider", "-k", "outside-small")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", Path(__file__).parent / "test_contract.py", *contract],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stdout
    assert "7 passed" in done.stdout
