"""Studies in processes of their own, and what must be equal of two of them."""

import os
import subprocess
import sys
from pathlib import Path

#: Files of a run that depend on nothing but its cell; provenance tells time and machine.
RESULTS = (
    "records.parquet",
    "curve.parquet",
    "policy.safetensors",
    "agent.json",
    "cell.json",
    "conditions.json",
    "trajectories.json",
)


def command(*arguments, **keys):
    """Start ``rlgen`` in a process of its own."""
    environment = {**os.environ, **keys.pop("environment", {})}
    return subprocess.Popen(
        [sys.executable, "-m", "rlgen", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        **keys,
    )


def finished(process, code=0):
    out, err = process.communicate(timeout=240)
    assert process.returncode == code, (process.returncode, out, err)
    assert "Traceback" not in out + err
    return out, err


def results(store):
    """The bytes of every run's results."""
    folders = sorted((Path(store) / "runs").iterdir())
    return {(f.name, name): (f / name).read_bytes() for f in folders for name in RESULTS}
