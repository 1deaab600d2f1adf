"""The paper's page: rays, geometry of linear data, degrees, shortest paths, mazes."""

from collections.abc import Iterator

from rlgen.analysis.results import Results
from rlgen.papers import Section
from rlgen_protocols.xu2021.figures import graphs, mazes, points

__all__ = ["sections"]

#: In the order of the page.
DRAWN = (
    points.rays,
    points.targets,
    points.directions,
    graphs.readouts,
    graphs.families,
    graphs.paths,
    mazes.drawn,
)


def sections(results: Results) -> Iterator[Section]:
    """Those of which something has been run."""
    for draw in DRAWN:
        section = draw(results)
        if section is not None:
            yield section
