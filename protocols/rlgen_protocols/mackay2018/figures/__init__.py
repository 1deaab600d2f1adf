"""The paper's page: savings, tokens, mazes and reversal, each from its experiments."""

from collections.abc import Iterator

from rlgen.analysis.results import Results
from rlgen.papers import Section
from rlgen_protocols.mackay2018.figures import mazes, reversal, savings, tokens

__all__ = ["sections"]

#: In the order of the page.
DRAWN = (savings.drawn, tokens.drawn, tokens.learning, mazes.drawn, reversal.drawn, reversal.growth)


def sections(results: Results) -> Iterator[Section]:
    """Those of which something has been run."""
    for draw in DRAWN:
        section = draw(results)
        if section is not None:
            yield section
