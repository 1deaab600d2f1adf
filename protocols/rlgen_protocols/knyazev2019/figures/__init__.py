"""The paper's page: accuracies by mode, attention's quality, its start, and attention in mazes."""

from collections.abc import Iterator

from rlgen.analysis.results import Results
from rlgen.papers import Section
from rlgen_protocols.knyazev2019.figures import accuracies, directions, pictures, policies, quality

__all__ = ["sections"]

#: In the order of the page.
DRAWN = (
    accuracies.colors,
    quality.drawn,
    directions.drawn,
    accuracies.triangles,
    accuracies.mazes,
    pictures.drawn,
    policies.drawn,
)


def sections(results: Results) -> Iterator[Section]:
    """Those of which something has been run."""
    for draw in DRAWN:
        section = draw(results)
        if section is not None:
            yield section
