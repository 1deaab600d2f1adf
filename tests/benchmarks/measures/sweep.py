"""What a sweep of small cells costs beside the cells: 200 of them on two workers.

A cell's own time is that of its worker from its first line, when it opens its log, to its last,
when the run is renamed into the store: both are stamps of the file system. So the forking and the
end of worker processes, and all that the command does, are overhead.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from base import Row

JOBS = 2
STUDY = """
name = "sweep"
family = "maze-basic"
family_options = { size = 5 }
n_train_levels = [2, 4, 6, 8]
n_validation_levels = 2
n_test_levels = 5
agent_options = { n_envs = 16, batch_size = 256 }
network = "mlp-512-128"
seeds = "0:50"
steps = 1000
curve_points = 1
"""
TARGET = 3.0


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        study, store = Path(name) / "sweep.toml", Path(name) / "store"
        study.write_text(STUDY)
        command = ["evaluate", str(study), "-o", str(store), "-j", str(JOBS), "-q"]
        began = time.time()
        subprocess.run(
            [sys.executable, "-m", "rlgen", *command], stdout=subprocess.DEVNULL, check=True
        )
        ended = time.time()
        logs = store / ".rlgen" / "logs"
        spans = [
            ((logs / f"{run.name}.log").stat().st_mtime, run.stat().st_ctime)
            for run in (store / "runs").iterdir()
        ]
    first, last = min(b for b, _ in spans), max(e for _, e in spans)
    own = sum(e - b for b, e in spans)
    ideal = own / JOBS
    against = f"the cells' own times / {JOBS}"
    cells = f"{len(spans)} cells of {own / len(spans):.2f} s on {JOBS} workers"
    start = (
        f"{first - began:.1f} s until the first cell starts (imports, plan, store, loading of what "
        f"all workers share); the report, not counted, took {ended - last:.1f} s"
    )
    return [
        Row(
            "overhead of a sweep, first cell's start to last cell's end",
            against,
            100 * ((last - first) / ideal - 1),
            TARGET,
            "%",
            at_least=False,
            detail=f"{cells}, {last - first:.1f} s",
        ),
        Row(
            "overhead of a sweep, the whole command but its report",
            against,
            100 * ((last - began) / ideal - 1),
            TARGET,
            "%",
            at_least=False,
            detail=start,
        ),
    ]
