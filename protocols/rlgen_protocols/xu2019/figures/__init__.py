"""The page: what is made equal, training fits, counts, and published accuracies."""

from collections.abc import Iterator

from rlgen.analysis.results import Results
from rlgen.papers import Section
from rlgen_protocols.xu2019.figures import exact, fits

__all__ = ["sections"]

#: In the order of the page.
DRAWN = (exact.drawn, fits.drawn, fits.counts)


def sections(results: Results) -> Iterator[Section]:
    """Those of which something has been run."""
    for draw in DRAWN:
        section = draw(results)
        if section is not None:
            yield section
