"""Peak memory of the worker process of a standard cell, its evaluation included."""

import tempfile
from pathlib import Path
from typing import Any

from base import Row

from rlgen.protocol import schema
from rlgen.store.run_store import RunStore
from rlgen.study import cell, plan, runner, worker
from rlgen.study.executors.local import LocalExecutor
from rlgen.study.kinds.train import TrainCell

NETWORKS = ("conv-a", "mlp-512-128")
#: The peak of training is reached at the second of its rollouts of 4,096 steps.
STUDY = {
    "name": "memory",
    "family": "maze-basic",
    "n_train_levels": 1000,
    "n_test_levels": 1000,
    "agent": "ppo",
    "network": NETWORKS,
    "seeds": [0],
    "steps": 20_000,
    "conditions": ["plain", "greedy", "random_spawn", "sticky_proposed:0.25"],
}
TARGET = 700.0


def run(*, report: Any, **arguments: Any) -> None:
    """In the worker: the cell, then what its process needed at most and holds now, in MB."""
    trained: list[float] = []
    worker.run(report=lambda event, **_: trained.append(_megabytes("status", "VmHWM")), **arguments)
    report(
        "memory",
        peak=_megabytes("status", "VmHWM"),
        trained=trained[-1],
        own=_megabytes("smaps_rollup", "Private_Dirty"),
        shared_out=_megabytes("smaps_rollup", "Pss"),
    )


def _megabytes(file: str, name: str) -> float:
    lines = Path(f"/proc/self/{file}").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1024


def measure() -> list[Row]:
    asked = schema.parse(STUDY, "memory")
    planned = plan.plan(asked, "memory")
    with tempfile.TemporaryDirectory() as folder:
        store = RunStore.create(Path(folder) / "store", asked, cell.entries(planned))
        with LocalExecutor(store.log_folder, (*runner.PRELOAD, *TrainCell.preload)) as executor:
            return [_row(cell, store, executor) for cell in planned]


def _row(cell: TrainCell, store: RunStore, executor: LocalExecutor) -> Row:
    arguments = {
        "store": str(store.path),
        "kind": cell.kind,
        "settings": cell.settings,
        "wanted": list(STUDY["conditions"]),
        "device": "cpu",
        "command": [],
    }
    executor.start(cell.id, "measures.memory:run", arguments)
    told: dict[str, Any] = {}
    while told.get("event") != "ended":
        for event in executor.events(timeout=10):
            told |= event
    if "peak" not in told:
        raise RuntimeError(store.log(cell.id))
    detail = (
        f"{told['trained']:.0f} MB when trained; at the end {told['own']:.0f} MB are the process's "
        f"own, {told['shared_out']:.0f} MB with its part of what is shared with the fork server"
    )
    what = f"peak memory of a worker, {cell.network}"
    return Row(what, "", told["peak"], TARGET, "MB", at_least=False, detail=detail)
