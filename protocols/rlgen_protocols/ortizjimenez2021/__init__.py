"""Ortiz-Jiménez, Moosavi-Dezfooli, Frossard (2021).

What can linearized neural networks actually say about generalization?
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rlgen.papers import Paper, Section
from rlgen_protocols.ortizjimenez2021.experiments import EXPERIMENTS, PROBES
from rlgen_protocols.ortizjimenez2021.networks import NETWORKS

if TYPE_CHECKING:
    from rlgen.analysis.claims import Claim, Control
    from rlgen.analysis.results import Results


class OrtizJimenez2021(Paper):
    """Networks beside their linearizations."""

    card = "what linearized neural networks say about generalization"
    networks = NETWORKS
    experiments = EXPERIMENTS
    probes = PROBES

    def claims(self) -> "Mapping[str, Claim]":
        """OJ-01 to OJ-04."""
        from rlgen_protocols.ortizjimenez2021.claims import CLAIMS

        return CLAIMS

    def controls(self) -> "Mapping[str, Control]":
        """OJ-K1 to OJ-K4."""
        from rlgen_protocols.ortizjimenez2021.controls import CONTROLS

        return CONTROLS

    def sections(self, results: "Results", summary: Mapping[str, Any]) -> Iterator[Section]:
        """The paper's figures from our runs, and what its abstract says."""
        from rlgen_protocols.ortizjimenez2021.figures import sections

        del summary
        return sections(results)


PAPER = OrtizJimenez2021()
