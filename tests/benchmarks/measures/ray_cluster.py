"""What a Ray cluster costs beside worker processes of one machine, whose cells are the same.

Two nodes, which are processes of this machine, against as many workers. Both are warm: the fork
server of the one, and those of the cluster's workers, have been started by a study before. A few
cells are computed by each in turn, so that a slow moment of the machine hits both. Cells that train
need a core each; what the engine itself costs is seen by more of them that do nothing for as long.
"""

import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import outside_site
from base import Row, seconds
from loopback import Cluster

from rlgen.protocol import suite
from rlgen.store.run_store import RunStore
from rlgen.study import driver
from rlgen.study.cell import Cell, Task
from rlgen.study.executors import ray_nodes
from rlgen.study.kinds import KINDS
from rlgen.study.means import Means
from rlgen.study.plan import plan
from rlgen.study.progress import Progress

STUDY = {
    "name": "cells",
    "family": "maze-basic",
    "family_options": {"size": 5},
    "n_train_levels": [4],
    "n_validation_levels": 2,
    "n_test_levels": 5,
    "agent_options": {"n_envs": 16, "batch_size": 256},
    "network": "mlp-512-128",
    "steps": 30_000,
    "curve_points": 1,
}
#: Seconds that a cell sleeps; one that trains takes about as long.
SLEEP = 5.0
TURNS = 5
TARGET = 5.0


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        sys.path.insert(0, str(outside_site.install(Path(name) / "site")))
        return [
            _row(Path(name) / "train", "train", _training, 8, workers=2),
            _row(Path(name) / "sleep", "sleep", _sleeping, 40, workers=8),
        ]


def _training(first: int, n: int) -> list[Task[Cell]]:
    return list(plan(suite.read(STUDY, range(first, first + n))).tasks)


def _sleeping(first: int, n: int) -> list[Task[Cell]]:
    toy = KINDS["outside-toy"]
    return [Task(toy(number, seconds=SLEEP)) for number in range(first, first + n)]


def _row(
    folder: Path,
    what: str,
    tasks: Callable[[int, int], Sequence[Task[Cell]]],
    cells: int,
    workers: int,
) -> Row:
    """So many cells a turn."""
    path = os.pathsep.join(filter(None, sys.path))
    with Cluster({"PYTHONPATH": path}, cores=workers // 2) as cluster:
        cluster.add(cores=workers // 2)
        means = {
            "local": Means(workers, device="cpu"),
            "ray": Means(None, "ray", "cpu", options={"address": cluster.address, "memory": 0.1}),
        }

        def compute(executor: str, first: int, n: int) -> float:
            todo = tasks(first, n)
            store = RunStore.create_for(
                folder / f"{executor}-{first}", "benchmark", [task.cell for task in todo]
            )
            return seconds(lambda: driver.work(todo, store, means[executor], Progress()))

        for executor in means:
            compute(executor, 10_000, 2 * workers)
        took: dict[str, list[float]] = {executor: [] for executor in means}
        for turn in range(TURNS):
            for executor in means:
                took[executor].append(compute(executor, 1000 * turn, cells))
        ray_nodes.disconnect()
    ratios = ", ".join(
        f"{100 * (b / a - 1):+.1f}" for a, b in zip(took["local"], took["ray"], strict=True)
    )
    local, ray = (sum(times) for times in took.values())
    n = TURNS * cells
    each = f"{local:.0f} s and {ray:.0f} s, {workers * local / n:.1f} s a cell"
    return Row(
        f"{n} cells that {what} on a Ray cluster of two nodes, warm",
        f"{workers} workers of one machine, warm",
        100 * (ray / local - 1),
        TARGET,
        "%",
        at_least=False,
        detail=f"{each}; in turn {ratios}",
    )
