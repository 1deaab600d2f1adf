"""A kind of cell of another distribution: counts, and makes trouble where its settings say so."""

import json
import os
import signal
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

from rlgen.study.cell import Cell
from rlgen.study.workspace import Workspace


@dataclass(frozen=True)
class ToyCell(Cell):
    """Writes the squares below a number.

    Attributes:
        number: How many squares.
        trouble: "", "raise", "die", "die once" (where the environment names a marker) or "wait".
    """

    kind: ClassVar[str] = "outside-toy"
    card: ClassVar[str] = "squares, of another distribution"

    number: int
    trouble: str = ""

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
        workspace.report("progress", step=1, steps_per_second=1.0, returns={}, pid=os.getpid())
        print(f"counting to {self.number}")
        before = {} if workspace.earlier is None else read(workspace.earlier)
        (workspace.folder / "half").write_text("before any trouble")
        if self.trouble == "raise":
            raise RuntimeError("the toy broke")
        if self.trouble == "wait":
            time.sleep(10**6)
        if self.trouble == "die" or (self.trouble == "die once" and first_time()):
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(float(os.environ.get("OUTSIDE_SECONDS", "0")))
        written = {
            "squares": [i * i for i in range(self.number)],
            "wanted": list(workspace.wanted),
            "before": before,
        }
        (workspace.folder / "squares.json").write_text(json.dumps(written))


def read(folder: Path) -> Any:
    """What a run of the kind holds."""
    return json.loads((folder / "squares.json").read_text())


def first_time() -> bool:
    marker = Path(os.environ["OUTSIDE_MARKER"])
    if marker.exists():
        return False
    marker.touch()
    return True
