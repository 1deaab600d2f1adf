"""What a worker does: rebuild a cell from its kind and settings, and run it in its workspace."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rlgen import papers
from rlgen.store.run_store import RunStore
from rlgen.study.kinds import KINDS
from rlgen.study.process import one_core
from rlgen.study.workspace import SPLITS, Report, Workspace
from rlgen.util import files


def run(
    *,
    report: Report,
    store: str,
    kind: str,
    settings: Mapping[str, Any],
    wanted: Sequence[str],
    device: str,
    command: Sequence[str],
    trust: Sequence[str] = (),
    paper: str = "",
) -> None:
    """Run one cell, or what is wanted further of one that is stored.

    Everything is put together aside and renamed into the store as the last act, so that whatever
    kills this process, the store holds the whole run or nothing of it.

    Args:
        report: Called with events.
        store: The store's folder.
        kind: Of the cell.
        settings: Of the cell.
        wanted: Names of the outputs that are wanted.
        device: "auto", "cpu" or "cuda".
        command: The command line, for provenance.
        trust: Policies' files that may be unpickled or run.
        paper: Name of the paper whose files are added to the run.
    """
    one_core()
    cell = KINDS[kind].from_settings(settings)
    into = RunStore(Path(store))
    folder = into.aside(cell.id)
    earlier = into.run_folder(cell.id) if into.has(cell.id) else None
    files_added = papers.catalogue()[paper].record_files if paper else ()
    workspace = Workspace(
        folder=folder,
        wanted=wanted,
        cache=into.path / ".rlgen" / "reference",
        report=report,
        earlier=earlier,
        device=device,
        command=command,
        trust=trust,
        paper=paper if paper and not into.has_recorded(cell.id, files_added) else "",
    )
    cell.run(workspace)
    for path in (folder / SPLITS).glob("*.json"):
        into.save_split(files.read_json(path), path.stem)
        path.unlink()
    (folder / SPLITS).rmdir()
    into.publish(folder, cell.id, wanted, trained=earlier is None)
