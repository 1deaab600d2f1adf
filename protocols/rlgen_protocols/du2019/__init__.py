"""Du, Hou, Póczos, Salakhutdinov, Wang and Xu (2019): Graph Neural Tangent Kernel."""

from typing import TYPE_CHECKING

from rlgen.papers import Paper
from rlgen_protocols.du2019.experiments import EXPERIMENTS, PROBES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rlgen.protocol.suite import Declaration
    from rlgen.study.cell import Cell


class Du2019(Paper):
    """The kernel of infinitely wide graph networks."""

    card = "the kernel of infinitely wide graph networks, and what it learns"
    experiments = EXPERIMENTS
    probes = PROBES

    def cells(self, study: "Declaration") -> "Sequence[Cell]":
        """Ten folds of MUTAG, where the user names a folder with it: it is not shipped."""
        from rlgen_protocols.du2019 import molecules

        return molecules.cells(study) if "classes" in study.names else ()


PAPER = Du2019()
