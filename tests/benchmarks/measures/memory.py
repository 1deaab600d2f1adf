"""Peak memory of the worker process of a standard cell, its evaluation included."""

import tempfile
from pathlib import Path
from typing import Any

from base import Row
from planning import cells_of

from rlgen.protocol import schema
from rlgen.study import worker
from rlgen.study.executors.fork_server import ForkServer
from rlgen.study.executors.local import PRELOAD
from rlgen.study.kinds.policy_cell import PolicyCell
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
    cells = cells_of(schema.parse(STUDY, "memory"), "memory")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with ForkServer(folder, (*PRELOAD, *TrainCell.preload)) as server:
            return [_row(cell, folder, server) for cell in cells]


def _row(cell: PolicyCell, folder: Path, server: ForkServer) -> Row:
    run_folder = folder / cell.id
    run_folder.mkdir()
    arguments = {
        "cell": cell.id,
        "kind": cell.kind,
        "settings": cell.settings,
        "folder": str(run_folder),
        "cache": str(folder / "reference"),
        "wanted": list(STUDY["conditions"]),
        "device": "cpu",
    }
    server.start(cell.id, "measures.memory:run", arguments)
    peaks: dict[str, Any] = {}
    while peaks.get("event") != "ended":
        for event in server.events(timeout=10):
            peaks |= event
    if "peak" not in peaks:
        raise RuntimeError((folder / f"{cell.id}.log").read_text())
    detail = (
        f"{peaks['trained']:.0f} MB when trained; at the end {peaks['own']:.0f} MB are the "
        f"process's own, {peaks['shared_out']:.0f} MB with its part of what is "
        "shared with the fork server"
    )
    what = f"peak memory of a worker, {cell.network}"
    return Row(what, "", peaks["peak"], TARGET, "MB", at_least=False, detail=detail)
