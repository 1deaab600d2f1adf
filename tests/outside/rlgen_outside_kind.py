"""A kind of cell of another distribution: counts, and makes trouble where its settings say so."""

import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Self

from rlgen.study.cell import Cell
from rlgen.study.workspace import Workspace


@dataclass(frozen=True)
class ToyCell(Cell):
    """Writes the squares below a number.

    Attributes:
        number: How many squares.
        trouble: "", "raise", "die", "die once" (which needs a marker), "wait", "die later"
            (as "die once", after two checkpoints), or "spoil": change whatever a process has in
            common with what runs in it later.
        seconds: How long it takes at least.
        marker: Path of a file that says that it has died once.
    """

    kind: ClassVar[str] = "outside-toy"
    card: ClassVar[str] = "squares, of another distribution"

    number: int
    trouble: str = ""
    seconds: float = 0.0
    marker: str = ""

    @property
    def settings(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def label(self) -> str:
        return f"{self.number} squares"

    @property
    def steps(self) -> int:
        return self.number

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        return cls(**settings)

    def run(self, workspace: Workspace) -> None:
        workspace.report("progress", step=1, steps_per_second=1.0, pid=os.getpid())
        print(f"counting to {self.number}")
        before = {} if workspace.earlier is None else read(workspace.earlier)
        (workspace.folder / "half").write_text("before any trouble")
        if self.trouble == "raise":
            raise RuntimeError("the toy broke")
        if self.trouble == "wait":
            time.sleep(10**6)
        if self.trouble == "die" or (self.trouble == "die once" and first_time(self.marker)):
            os.kill(os.getpid(), signal.SIGKILL)
        if self.trouble == "spoil":
            spoil()
        went_on = None if workspace.checkpoint is None else read(workspace.checkpoint, "count.json")
        if self.trouble == "die later" and first_time(self.marker):
            for count in (1, 2):
                workspace.keep(count, partial(write_count, count))
            time.sleep(0.5)  # time enough to fetch them from another machine
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(self.seconds)
        written = {
            "squares": [i * i for i in range(self.number)],
            "wanted": list(workspace.wanted),
            "before": before,
            "state": state(),
        }
        if self.trouble == "die later":
            written["went on from"] = went_on
        (workspace.folder / "squares.json").write_text(json.dumps(written))


def read(folder: Path, name: str = "squares.json") -> Any:
    """What a run of the kind holds, or another file."""
    return json.loads((folder / name).read_text())


def write_count(count: int, folder: Path) -> None:
    (folder / "count.json").write_text(str(count))


def first_time(marker: str) -> bool:
    if Path(marker).exists():
        return False
    Path(marker).touch()
    return True


def spoil() -> None:
    """Leave traces where another cell of the same process would find them."""
    import torch

    torch.set_num_threads(2)
    torch.manual_seed(7)
    torch.set_default_dtype(torch.float64)
    os.environ["OUTSIDE_SPOILT"] = "yes"
    os.chdir("/")
    sys.path.insert(0, "/spoilt")


def state() -> dict[str, Any]:
    """What a cell would find of another one's traces."""
    import torch

    return {
        "threads": torch.get_num_threads(),
        "dtype": str(torch.get_default_dtype()),
        "seeded": torch.initial_seed() == 7,
        "environment": os.environ.get("OUTSIDE_SPOILT", ""),
        "devices": os.environ.get("CUDA_VISIBLE_DEVICES"),
        "folder": str(Path.cwd()) == "/",
        "path": "/spoilt" in sys.path,
        "one thread": os.environ.get("OMP_NUM_THREADS"),
    }
