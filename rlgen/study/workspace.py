"""What a cell's ``run`` is given: a folder to write into, what is wanted, and to whom to report."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from rlgen.store.outputs import checkpoint_name
from rlgen.util import files, sums

#: Folder of a workspace for the manifests of splits, which the store keeps once for all runs.
SPLITS = "splits"


class Report(Protocol):
    """Where a worker reports to."""

    def __call__(self, event: str, **values: Any) -> None:
        """Report an event."""


@dataclass(frozen=True)
class Workspace:
    """A worker's place; its folder becomes the cell's run, or a further part of it.

    Attributes:
        folder: Empty at first. What ``run`` writes into it is kept, nothing else is.
        wanted: Names of outputs; for a policy those of the conditions that it is to face.
        earlier: The cell's run where only further outputs are wanted; never written to.
        cache: A folder for what other cells may use again; may be lost at any time.
        report: Called with ``"progress"`` (``step``, ``steps_per_second``, ``rows`` of the learning
            curve), ``"evaluating"``, ``"note"`` (``text``), or ``"checkpoint"`` (``name``).
        checkpoint: The folder of the last checkpoint of a cell whose worker was killed; never
            written to. None if there is none.
        checkpoints: Where new ones are put; None if nobody fetches them.
        device: "auto", "cpu" or "cuda".
        command: The command line, for provenance.
        trust: Files that may be unpickled or run.
        paper: Name of the paper that adds files to the run; empty if none does, or they are there.
        origin: What ``run`` adds to the run's provenance.
    """

    folder: Path
    wanted: Sequence[str]
    cache: Path
    report: Report
    checkpoint: Path | None = None
    checkpoints: Path | None = None
    earlier: Path | None = None
    device: str = "auto"
    command: Sequence[str] = ()
    trust: Sequence[str] = ()
    paper: str = ""
    origin: dict[str, Any] = field(default_factory=dict)

    def keep(self, step: int, write: Callable[[Path], None], *, last: bool = False) -> None:
        """Put a checkpoint where the executor fetches it.

        Args:
            step: How far the cell has come: the highest is the latest.
            write: Writes its files into an empty folder.
            last: Whether another cell may begin with it when this one is done.
        """
        if self.checkpoints is None:
            return
        final = self.checkpoints / checkpoint_name(step, last=last)
        part = files.aside(final)
        part.mkdir()
        write(part)
        sums.write(part)
        files.publish(part, final)
        self.report("checkpoint", name=final.name)

    def save_split(self, manifest: Mapping[str, Any], manifest_hash: str) -> None:
        """Keep which levels a split holds."""
        (self.folder / SPLITS).mkdir(exist_ok=True)
        files.write_json(self.folder / SPLITS / f"{manifest_hash}.json", manifest)
