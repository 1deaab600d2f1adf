"""Sander, Ablin, Blondel, Peyré (2021): Momentum Residual Neural Networks."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rlgen.papers import Paper, Section
from rlgen_protocols.sander2021.experiments import EXPERIMENTS
from rlgen_protocols.sander2021.networks import NETWORKS
from rlgen_protocols.sander2021.probes import PROBES

if TYPE_CHECKING:
    from rlgen.analysis.claims import Claim, Control
    from rlgen.analysis.results import Results


class Sander2021(Paper):
    """Momentum residual networks."""

    card = "Sander et al. 2021: momentum residual networks, reversible and bit-exact"
    networks = NETWORKS
    experiments = EXPERIMENTS
    probes = PROBES

    def claims(self) -> "Mapping[str, Claim]":
        """SA-01 to SA-08."""
        from rlgen_protocols.sander2021.claims import CLAIMS

        return CLAIMS

    def controls(self) -> "Mapping[str, Control]":
        """SA-K1 to SA-K5."""
        from rlgen_protocols.sander2021.claims import CONTROLS

        return CONTROLS

    def sections(self, results: "Results", summary: Mapping[str, Any]) -> Iterator[Section]:
        """The paper's figures, and those of policies."""
        from rlgen_protocols.sander2021.figures import sections

        del summary
        return sections(results)


PAPER = Sander2021()
