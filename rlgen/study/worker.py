"""What a worker process does: rebuild a cell from its kind and settings, and run it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rlgen.errors import StoreError
from rlgen.study.kinds import KINDS
from rlgen.study.process import one_core
from rlgen.study.workspace import Report, Workspace


def run(
    *,
    report: Report,
    cell: str,
    kind: str,
    settings: Mapping[str, Any],
    folder: str,
    cache: str,
    checkpoint: str | None = None,
    checkpoints: str | None = None,
    wanted: Sequence[str] = (),
    earlier: str | None = None,
    device: str = "auto",
    command: Sequence[str] = (),
    trust: Sequence[str] = (),
    paper: str = "",
) -> None:
    """Run one cell, or what is wanted further of one that is done.

    Args:
        report: Called with events.
        cell: Id of the cell, by which its run is stored.
        kind: In ``KINDS``.
        settings: Of the cell.
        folder: An empty folder, which becomes the cell's run.
        cache: See ``Workspace``, as all that follow.
        checkpoint: The folder of the cell's last checkpoint, if it has one.
        checkpoints: An empty folder for new ones, if anybody fetches them.
        wanted: Names of outputs.
        earlier: The cell's run where only further outputs are wanted.
        device: "auto", "cpu" or "cuda".
        command: The command line.
        trust: Files that may be unpickled or run.
        paper: Name of the paper whose files are added to the run.

    Raises:
        StoreError: If the settings make another cell here than where it was planned: families,
            agents or rlgen itself are of other versions, and so would the results be.
    """
    one_core()
    work = KINDS[kind].from_settings(settings)
    if work.id != cell:
        raise StoreError(
            f"cell {cell} is {work.id} for this worker: its rlgen, families or agents are of other "
            "versions than those that planned the study"
        )
    workspace = Workspace(
        folder=Path(folder),
        wanted=wanted,
        cache=Path(cache),
        report=report,
        checkpoint=None if checkpoint is None else Path(checkpoint),
        checkpoints=None if checkpoints is None else Path(checkpoints),
        earlier=None if earlier is None else Path(earlier),
        device=device,
        command=command,
        trust=trust,
        paper=paper,
    )
    work.run(workspace)
