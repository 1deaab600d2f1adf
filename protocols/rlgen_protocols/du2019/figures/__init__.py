"""The page: learning curves, what cannot be told apart, finite widths, accuracies, a kernel."""

from collections.abc import Iterator

from rlgen.analysis.results import Results
from rlgen.papers import Section
from rlgen_protocols.du2019.figures import accuracies, exact, heat, learning

__all__ = ["sections"]

#: In the order of the page.
DRAWN = (
    *(learning.theorem, learning.mazes, exact.bridges, exact.width),
    *(accuracies.by_blocks, accuracies.published, heat.families),
)


def sections(results: Results) -> Iterator[Section]:
    """Those of which something has been run."""
    for draw in DRAWN:
        section = draw(results)
        if section is not None:
            yield section
