"""MacKay, Vicol, Ba, Grosse (2018): Reversible Recurrent Neural Networks."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rlgen.papers import Paper, Section
from rlgen_protocols.mackay2018.experiments import EXPERIMENTS, PROBES

if TYPE_CHECKING:
    from rlgen.analysis.claims import Claim, Control
    from rlgen.analysis.results import Results


class MacKay2018(Paper):
    """Reversible recurrent networks."""

    card = "MacKay et al. 2018: reversible recurrent networks that forget a few bits a step"
    experiments = EXPERIMENTS
    probes = PROBES

    def claims(self) -> "Mapping[str, Claim]":
        """MK-01 to MK-07."""
        from rlgen_protocols.mackay2018.claims import CLAIMS

        return CLAIMS

    def controls(self) -> "Mapping[str, Control]":
        """MK-K1 to MK-K4."""
        from rlgen_protocols.mackay2018.controls import CONTROLS

        return CONTROLS

    def sections(self, results: "Results", summary: Mapping[str, Any]) -> Iterator[Section]:
        """Figures of savings, tokens, mazes and reversal."""
        from rlgen_protocols.mackay2018.figures import sections

        del summary
        return sections(results)


PAPER = MacKay2018()
