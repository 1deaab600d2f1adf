"""The page: what is made equal, training fits, counts, and policies."""

from collections.abc import Iterator

from rlgen.analysis.results import Results
from rlgen.papers import Section
from rlgen_protocols.xu2019.figures import exact, fits, policies

__all__ = ["sections"]

#: In the order of the page.
DRAWN = (exact.drawn, fits.drawn, fits.counts, policies.drawn)


def sections(results: Results) -> Iterator[Section]:
    """Those of which something has been run."""
    for draw in DRAWN:
        section = draw(results)
        if section is not None:
            yield section
