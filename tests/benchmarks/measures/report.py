"""The report of a large study: its time, its memory and the size of its page."""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import pyarrow.parquet as pq
from base import REPEATS, Row
from simulated_store import make

from rlgen.protocol.schema import parse

CONDITIONS = [
    "plain",
    "greedy",
    "temperature:2",
    "epsilon:0.05",
    "sticky_proposed:0.25",
    "sticky_executed:0.25",
    "random_spawn",
    "delay:1",
    "frame_skip:2",
    "random_frame_skip:2",
    "random_spawn+sticky_proposed:0.25",
    "random_spawn+epsilon:0.05",
]
#: Ten settings, and with a hundred seeds a thousand runs.
STUDY: dict[str, Any] = {
    "name": "large",
    "family": "maze-basic",
    "n_train_levels": [10, 50, 200, 500, 1000],
    "n_validation_levels": 50,
    "n_test_levels": 1000,
    "evaluated_train_levels": 1000,
    "network": ["conv-a", "mlp-512-128"],
    "seeds": "0:100",
    "steps": 1_000_000,
    "conditions": CONDITIONS,
}
WHAT = "report of 1,000 runs x 1,000 test levels x 12 conditions"


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        path = make(Path(folder) / "large", parse(STUDY, "large"))
        taken = [report(path) for _ in range(REPEATS)]
        page, summary = (
            (path / name).stat().st_size / 1e6 for name in ("report.html", "summary.json")
        )
        stored = (path / "runs").glob("*/records.parquet")
        rows = sum(pq.read_metadata(run).num_rows for run in stored) / 1e6
    cpu = median(one.cpu for one in taken)
    told = f"{rows:.1f} million records; {cpu:.1f} s on the processor"
    seconds = median(one.seconds for one in taken)
    gigabytes = max(one.gigabytes for one in taken)
    size = f"summary.json has {summary:.1f} MB"
    return [
        Row(f"{WHAT}: time", "", seconds, 15, "s", at_least=False, detail=told),
        Row(f"{WHAT}: memory at the peak", "", gigabytes, 2, "GB", at_least=False),
        Row(f"{WHAT}: size of the page", "", page, 8, "MB", at_least=False, detail=size),
    ]


@dataclass(frozen=True)
class Taken:
    """What one ``rlgen report`` took: wall and processor seconds, and memory at its peak."""

    seconds: float
    cpu: float
    gigabytes: float


def report(path: Path) -> Taken:
    """``rlgen report`` in a process of its own."""
    command = [sys.executable, "-m", "rlgen", "report", str(path)]
    began = time.perf_counter()
    child = os.posix_spawn(
        command[0],
        command,
        os.environ,
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
    )
    _, status, used = os.wait4(child, 0)
    seconds = time.perf_counter() - began
    if code := os.waitstatus_to_exitcode(status):
        raise subprocess.CalledProcessError(code, command)
    unit = 1024 if sys.platform == "linux" else 1  # bytes on other systems
    return Taken(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * unit / 1e9)
