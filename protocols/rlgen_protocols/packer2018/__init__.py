"""Packer, Gao, Kos, Kraehenbuehl, Koltun, Song (2018): Assessing Generalization in Deep RL."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rlgen.papers import Paper, Section

if TYPE_CHECKING:
    from rlgen.analysis.results import Results


class Packer2018(Paper):
    """Default, interpolation and extrapolation over parameters of physics."""

    card = "Packer et al. 2018: default, interpolation, extrapolation in classic control"

    def sections(self, results: "Results", summary: Mapping[str, Any]) -> Iterator[Section]:
        """The paper's three numbers, from the parts ``d`` and ``r``."""
        from rlgen_protocols.packer2018.contexts import section

        del summary
        drawn = section(results)
        if drawn is not None:
            yield drawn


PAPER = Packer2018()
