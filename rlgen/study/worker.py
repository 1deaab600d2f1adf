"""What a worker process does: rebuild a cell from its kind and settings, and run it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rlgen.study.kinds import KINDS
from rlgen.study.process import one_core
from rlgen.study.workspace import Report, Workspace


def run(
    *,
    report: Report,
    kind: str,
    settings: Mapping[str, Any],
    folder: str,
    cache: str,
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
        kind: In ``KINDS``.
        settings: Of the cell.
        folder: An empty folder, which becomes the cell's run.
        cache: See ``Workspace``, as all that follow.
        wanted: Names of outputs.
        earlier: The cell's run where only further outputs are wanted.
        device: "auto", "cpu" or "cuda".
        command: The command line.
        trust: Files that may be unpickled or run.
        paper: Name of the paper whose files are added to the run.
    """
    one_core()
    workspace = Workspace(
        folder=Path(folder),
        wanted=wanted,
        cache=Path(cache),
        report=report,
        earlier=None if earlier is None else Path(earlier),
        device=device,
        command=command,
        trust=trust,
        paper=paper,
    )
    KINDS[kind].from_settings(settings).run(workspace)
