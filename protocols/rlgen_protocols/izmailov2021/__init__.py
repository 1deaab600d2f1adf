"""Izmailov, Vikram, Hoffman, Wilson (2021): What are Bayesian neural network posteriors like?"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rlgen.papers import Paper, Section
from rlgen_protocols.izmailov2021.declared import EXPERIMENTS
from rlgen_protocols.izmailov2021.probes import PROBES

if TYPE_CHECKING:
    from rlgen.analysis.claims import Claim, Control
    from rlgen.analysis.results import Results
    from rlgen_protocols.izmailov2021.evidence import Evidence


class Izmailov2021(Paper):
    """The exact posterior of a small policy network, and what stands in for it."""

    card = "what averaging over the exact posterior of a policy network does"
    experiments = EXPERIMENTS
    probes = PROBES

    def claims(self) -> "Mapping[str, Claim]":
        """IZ-01 to IZ-09."""
        from rlgen_protocols.izmailov2021.claims import CLAIMS

        return CLAIMS

    def controls(self) -> "Mapping[str, Control]":
        """IK-01 to IK-07."""
        from rlgen_protocols.izmailov2021.controls import CONTROLS

        return CONTROLS

    def evidence(self, results: "Results") -> "Evidence":
        """The study's cells by what they are for."""
        from rlgen_protocols.izmailov2021.evidence import Evidence

        return Evidence(results)

    def sections(self, results: "Results", summary: Mapping[str, Any]) -> Iterator[Section]:
        """The paper's figures, of ours."""
        del summary
        from rlgen_protocols.izmailov2021 import page

        return page.sections(results)


PAPER = Izmailov2021()
