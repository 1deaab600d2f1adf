"""Izmailov, Vikram, Hoffman, Wilson (2021): What are Bayesian neural network posteriors like?"""

from typing import TYPE_CHECKING

from rlgen.papers import Paper
from rlgen_protocols.izmailov2021.declared import EXPERIMENTS
from rlgen_protocols.izmailov2021.probes import PROBES

if TYPE_CHECKING:
    from rlgen.analysis.results import Results
    from rlgen_protocols.izmailov2021.evidence import Evidence


class Izmailov2021(Paper):
    """The exact posterior of a small policy network, and what stands in for it."""

    card = "what averaging over the exact posterior of a policy network does"
    experiments = EXPERIMENTS
    probes = PROBES

    def evidence(self, results: "Results") -> "Evidence":
        """The study's cells by what they are for."""
        from rlgen_protocols.izmailov2021.evidence import Evidence

        return Evidence(results)


PAPER = Izmailov2021()
