"""Reports: ``report.html`` and ``summary.json``, pure functions of a store's content."""

import os
from pathlib import Path
from typing import Any

from rlgen.errors import DamagedStoreError
from rlgen.store.run_store import RunStore
from rlgen.util import files, sums
from rlgen.util.hashing import digest
from rlgen.util.version import __version__

#: Key of the summary with the hash of all others.
SUM = "sha256"
#: What the last line of a page begins with.
_SEAL = "\n<!-- rlgen: state and SHA-256 "

__all__ = ["has_current_summary", "is_current", "is_whole", "render", "write"]


def is_current(store: RunStore) -> bool:
    """Whether both files are there, as they were written, and show the store as it is."""
    try:
        page = files.read_text(store.path / "report.html")
    except DamagedStoreError:
        return False
    text = page[: page.rfind(_SEAL)]
    return page == _sealed(text, store.state()) and has_current_summary(store)


def _sealed(page: str, state: str) -> str:
    """The page, and at its end the store's state that it shows, and the page's SHA-256."""
    return f"{page}{_SEAL}{state} {sums.of(page.encode())} -->\n"


def is_whole(store: RunStore) -> bool:
    """Whether the page, if one is there, is as it was written; those of older versions are."""
    path = store.path / "report.html"
    if not os.path.lexists(path):
        return True
    try:
        page = files.read_text(path)
    except DamagedStoreError:
        return False
    text, seal, rest = page.rpartition(_SEAL)
    return not seal or page == _sealed(text, rest.partition(" ")[0])


def has_current_summary(store: RunStore) -> bool:
    """Whether the summary is there and that of the store as it is."""
    try:
        summary = files.read_table(store.path / "summary.json")
    except DamagedStoreError:
        return False
    own = summary.pop(SUM, None)
    return bool(
        summary.get("rlgen") == __version__
        and summary.get("state") == store.state()
        and own == digest(summary)
    )


def write(store: RunStore) -> Path:
    """Write both files anew; returns the page's path."""
    page, summary = render(store)
    files.write_text(store.path / "report.html", page)
    files.write_json(store.path / "summary.json", summary)
    return store.path / "report.html"


def render(store: RunStore) -> tuple[str, dict[str, Any]]:
    """The page and the summary of a store."""
    # Drawing takes seconds to import, and most calls of ``is_current`` find nothing to draw.
    from rlgen.analysis.results import Results
    from rlgen.report import page
    from rlgen.report.summary import summarise

    store.declared()  # or it holds no study
    # Before anything is read: a run that is published meanwhile makes the report an old one.
    state = store.state()
    results = Results.load(store)
    summary = summarise(results) | {"state": state}
    # Plain values, as they are read back, so that a file that was changed is not printed for what
    # was computed.
    summary[SUM] = digest(summary)
    return _sealed(page.render(results, summary), state), summary
