"""The page: the pair, the ladder, its cost, and copies of levels, each from its experiments."""

from collections.abc import Iterator

from rlgen.analysis.results import Results
from rlgen.papers import Section
from rlgen_protocols.sato2020.figures import copies, ladder, pair

__all__ = ["sections"]

#: In the order of the page.
DRAWN = (pair.drawn, pair.telling, ladder.drawn, ladder.draws, copies.drawn)


def sections(results: Results) -> Iterator[Section]:
    """Those of which something has been run."""
    for draw in DRAWN:
        section = draw(results)
        if section is not None:
            yield section
