"""Zhang, Vinyals, Munos, Bengio (2018): A Study on Overfitting in Deep Reinforcement Learning."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rlgen.errors import ProtocolError
from rlgen.papers import Paper, Section
from rlgen_protocols.zhang2018.networks import LISTS, NETWORKS

if TYPE_CHECKING:
    from rlgen.analysis.claims import Margins
    from rlgen.analysis.results import Results
    from rlgen.levels.split import Split
    from rlgen.policies.base import Policy
    from rlgen.protocol.suite import Declaration
    from rlgen.study.cell import Cell
    from rlgen.util.checked_json import Schema
    from rlgen_protocols.zhang2018.claims.evidence import Evidence

#: Episodes of a run step by step, which figures 4 and 8 to 17 draw.
STRIPS = "strips.json"

#: Numbers of the figures that a part of the study makes.
FIGURES = ("2a", "2b", "3a", "3b", "4", "5", "6", "7", "18")

#: By budget, cloned networks of each class; C-09 needs about 150.
CLONES = {"cpu": 150, "week": 150, "paper": 150}


class Zhang2018(Paper):
    """The study on overfitting."""

    card = "a study on overfitting in deep reinforcement learning"
    networks = NETWORKS
    network_lists = LISTS
    parts = (*(f"fig{n}" for n in FIGURES), "table2", "table3")
    record_files = (STRIPS,)
    replaces = ("trajectories",)

    def schemas(self) -> "Mapping[str, Schema]":
        """Of the strips."""
        from rlgen.store import schemas

        return {STRIPS: schemas.STRIPS}

    def evidence(self, results: "Results") -> "Evidence":
        """The study by settings."""
        from rlgen_protocols.zhang2018.claims.evidence import Evidence

        return Evidence(results)

    def details(self, results: "Results", margins: "Margins") -> dict[str, Any]:
        """The checks' strata, and the verdicts under other readings of the paper."""
        from rlgen_protocols.zhang2018 import page

        return page.details(results, margins)

    def sections(self, results: "Results", summary: Mapping[str, Any]) -> Iterator[Section]:
        """Strata, other readings, and the paper's figures and tables."""
        from rlgen_protocols.zhang2018 import page

        return page.sections(results, summary)

    def record(self, policy: "Policy", split: "Split", seed: int) -> Mapping[str, Any]:
        """Episodes step by step."""
        from rlgen.evaluation.recording import strip_episodes

        return {STRIPS: strip_episodes(policy, split, seed)}

    def cells(self, study: "Declaration") -> "Sequence[Cell]":
        """Networks cloned from the planner, of the three classes that C-09 and C-10 compare."""
        from rlgen.diagnostics.calibration import cells, population
        from rlgen.levels import lookup
        from rlgen.levels.capabilities import Tabular
        from rlgen_protocols.zhang2018.claims.detection import CHECKS, STRATA

        name, number = "maze-basic[size=7]", CLONES.get(study.budget, 0)
        if study.legacy is not None:  # files of the first form said it themselves
            whole, number = study.whole, study.legacy.clones
            name = study.legacy.cloned_family(whole.family[0], whole.family_options)
        if not number:
            return ()
        family = lookup.family(name)
        if not isinstance(family, Tabular):
            where = study.parts[0][1]
            raise ProtocolError(f"{where}: clones_family = {name!r}: has no planner to clone")
        return cells.cells(family, population.networks(STRATA, number), CHECKS)


PAPER = Zhang2018()
