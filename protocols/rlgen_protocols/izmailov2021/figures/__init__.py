"""The paper's figures, of our cells."""

from collections.abc import Iterator

from rlgen.analysis.results import Results
from rlgen.papers import Section
from rlgen_protocols.izmailov2021.evidence import Evidence
from rlgen_protocols.izmailov2021.figures import bars, diagnostics, lines, tables


def sections(results: Results) -> Iterator[Section]:
    """The figures of which something has been run, and the paper's settings beside ours."""
    evidence = Evidence(results)
    if evidence.cells.empty:
        return
    drawn = (
        bars.compared(evidence),
        bars.closeness(evidence),
        bars.shifted(evidence, tables.published_shift(evidence)),
        diagnostics.mixing(evidence),
        lines.draws(evidence),
        lines.temperature(evidence),
        lines.prior(evidence),
        diagnostics.reliability(evidence),
        tables.settings(evidence),
    )
    yield from (section for section in drawn if section is not None)
