"""Views: a study, or two, as one file that one can walk through, from cells to single levels."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rlgen.view.content import Extent

__all__ = ["render"]


def render(
    stores: Sequence[str | Path],
    extent: "Extent | None" = None,
    progress: Callable[[str], None] = lambda _: None,
) -> str:
    """The page of one or two stores or bundles.

    Nothing that a store names is imported unless it is trusted; weights are read as data.

    Args:
        stores: One or two.
        extent: How much is drawn.
        progress: Called with a line before each run.

    Returns:
        HTML, which opens from disk.

    Raises:
        StoreError: If one cannot be read, or has no returns of agents.
    """
    from rlgen.store.opening import opened
    from rlgen.view.content import Extent, content
    from rlgen.view.page import render as page
    from rlgen.view.studies import Study

    with ExitStack() as stack:
        studies = [Study(stack.enter_context(opened(Path(s))), str(s)) for s in stores]
        title = " and ".join(dict.fromkeys(s.results.protocol.name for s in studies))
        return page(content(studies, extent or Extent(), progress), title)
