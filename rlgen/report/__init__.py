"""Reports: ``report.html`` and ``summary.json``, pure functions of a store's content."""

from pathlib import Path

from rlgen.errors import DamagedStoreError
from rlgen.store.run_store import RunStore
from rlgen.util import files
from rlgen.util.version import __version__

__all__ = ["is_current", "write"]


def is_current(store: RunStore) -> bool:
    """Whether both files exist and match the store's present content."""
    if not (store.path / "report.html").exists():
        return False
    try:
        summary = files.read_json(store.path / "summary.json")
    except DamagedStoreError:
        return False
    return bool(summary.get("rlgen") == __version__ and summary.get("state") == store.state())


def write(store: RunStore) -> Path:
    """Write both files; returns the path of the page."""
    # The drawing modules take seconds to import, and most reports are current already.
    from rlgen.analysis.results import Results
    from rlgen.report.page import render
    from rlgen.report.summary import summarise

    study = Results.load(store)
    summary = summarise(study) | {"state": store.state()}
    files.write_text(store.path / "report.html", render(study, summary))
    files.write_json(store.path / "summary.json", summary)
    return store.path / "report.html"
