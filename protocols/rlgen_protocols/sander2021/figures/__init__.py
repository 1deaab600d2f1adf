"""The paper's figures in its form, beside what its claims mean for policies.

To add one: a function from results to a ``Section``, or None where nothing of it has been run, and
its line in the table.
"""

from collections.abc import Callable, Iterator

from rlgen.analysis.results import Results
from rlgen.papers import Section
from rlgen_protocols.sander2021.figures import exactness, lasso, maps, policies

__all__ = ["SECTIONS", "sections"]

SECTIONS: dict[str, Callable[[Results, str], Section | None]] = {
    "memory": exactness.memory,
    "inversion": exactness.inversion,
    "dynamics": maps.dynamics,
    "rings": maps.rings,
    "lasso": lasso.errors,
    "cloning": policies.by_momentum,
    "accuracy": policies.accuracy,
}


def sections(results: Results) -> Iterator[Section]:
    """Those of which something has been run."""
    for name, draw in SECTIONS.items():
        section = draw(results, name)
        if section is not None:
            yield section
