"""A store of 20,000 simulated runs: planning, knowing what is missing, the report, on one core.

The store takes minutes to make; ``RLGEN_BENCHMARK_STORE`` names a folder where it is kept, and
where one that was begun is gone on with. ``RLGEN_BENCHMARK_RUNS`` is another number of runs.
"""

import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import tomli_w
from base import Row
from simulated_store import make, study

from rlgen.protocol.schema import parse

RUNS = int(os.environ.get("RLGEN_BENCHMARK_RUNS", "20000"))
#: Timings of what takes seconds; of what takes minutes there is one.
REPEATS = 3
#: The part of ``rlgen evaluate`` that is over when it knows that nothing is to be computed.
KNOWING = """
import gc, sys
gc.set_threshold(50_000, 100)  # as rlgen's command does
from pathlib import Path
from rlgen.protocol import suite
from rlgen.study import driver, progress
from rlgen.study.means import Means
from rlgen.study.plan import plan
done = driver.compute(
    plan(suite.read(sys.argv[1], None, None)),
    Path(sys.argv[2]), Means(1), progress.choose(quiet=True),
)
assert not done.computed and len(done.already) == int(sys.argv[3])
"""


def measure() -> list[Row]:
    with ExitStack() as stack:
        named = os.environ.get("RLGEN_BENCHMARK_STORE")
        folder = Path(named or stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        keys, protocol = study(RUNS), folder / "large.toml"
        protocol.write_text(tomli_w.dumps(keys))
        store = make(folder / "large", parse(keys, "large"), agents=True)
        plan = _run("-m", "rlgen", "plan", protocol)[0]
        rows = [Row(f"a study of {RUNS:,} runs: rlgen plan", "", plan, 20, "s", False)]
        rows += _rows(protocol, store)
        _run("-m", "rlgen", "compact", store)
        rows += _rows(protocol, store, "compacted, ")
        _run("-m", "rlgen", "compact", store, "--undo")
        return rows


def _rows(protocol: Path, store: Path, how: str = "") -> list[Row]:
    """The rows of a store as it is."""
    files = sum(1 for kind in ("runs", "extra", "segments") for p in (store / kind).rglob("*.*"))
    knowing = median(_run("-c", KNOWING, protocol, store, str(RUNS))[0] for _ in range(REPEATS))
    seconds, cpu, gigabytes = _run("-m", "rlgen", "report", store)
    what = f"a store of {RUNS:,} runs{f' ({how[:-2]})' if how else ''}"
    page = (store / "report.html").stat().st_size / 1e6
    said = f"{cpu:.0f} s on the processor; the page has {page:.1f} MB"
    return [
        Row(f"{what}: what is missing", "", knowing, 5, "s", False, f"{files:,} files of runs"),
        Row(f"{what}: report", "", seconds, 120, "s", False, said),
        Row(f"{what}: report, memory at the peak", "", gigabytes, 2, "GB", False),
    ]


def _run(*command: str | Path) -> tuple[float, float, float]:
    """Seconds, seconds on the processor, and gigabytes at the peak of a process."""
    words = [sys.executable, *map(str, command)]
    began = time.perf_counter()
    quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    child = os.posix_spawn(words[0], words, os.environ, file_actions=quiet)
    _, status, used = os.wait4(child, 0)
    seconds = time.perf_counter() - began
    if code := os.waitstatus_to_exitcode(status):
        raise subprocess.CalledProcessError(code, words)
    unit = 1024 if sys.platform == "linux" else 1  # bytes on other systems
    return seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * unit / 1e9
