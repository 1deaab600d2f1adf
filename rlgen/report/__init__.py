"""Store -> ``report.html`` and ``summary.json``, pure functions of what the store holds."""

from pathlib import Path

from rlgen.errors import DamagedStoreError
from rlgen.store.run_store import RunStore
from rlgen.util import files
from rlgen.util.version import __version__

__all__ = ["is_current", "write"]


def is_current(store: RunStore) -> bool:
    """Whether both files are there and show the store as it is."""
    if not (store.path / "report.html").exists():
        return False
    try:
        told = files.read_json(store.path / "summary.json")
    except DamagedStoreError:
        return False
    return bool(told.get("rlgen") == __version__ and told.get("state") == store.state())


def write(store: RunStore) -> Path:
    """Write both files anew; returns the page's path."""
    # Drawing takes seconds to import, and most calls of ``is_current`` find nothing to draw.
    from rlgen.analysis.results import Results
    from rlgen.report.page import render
    from rlgen.report.summary import summarise

    study = Results.load(store)
    summary = summarise(study) | {"state": store.state()}
    files.write_text(store.path / "report.html", render(study, summary))
    files.write_json(store.path / "summary.json", summary)
    return store.path / "report.html"
