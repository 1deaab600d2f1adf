"""The paper's figures from our runs, and what its abstract says beside what was measured."""

from collections.abc import Iterator

from rlgen.analysis.results import Results
from rlgen.papers import Section
from rlgen_protocols.ortizjimenez2021.figures import clones, published, tasks


def sections(results: Results) -> Iterator[Section]:
    """Those of which something has been run."""
    yield published.section()
    eigen = results.measured("eigen-tasks")
    if not eigen.empty:
        yield tasks.complexity(eigen)
        yield tasks.turning(eigen)
    yield from clones.sections(results)
    directions = results.measured("nads")
    if not directions.empty:
        yield tasks.directions(directions)
