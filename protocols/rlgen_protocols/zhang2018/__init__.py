"""Zhang, Vinyals, Munos, Bengio (2018): A Study on Overfitting in Deep Reinforcement Learning."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rlgen.papers import Clones, Paper, Section
from rlgen_protocols.zhang2018.networks import LISTS, NETWORKS

if TYPE_CHECKING:
    from rlgen.analysis.claims import Claim, Margins
    from rlgen.analysis.results import Results
    from rlgen.levels.split import Split
    from rlgen.policies.base import AnyPolicy
    from rlgen_protocols.zhang2018.claims.evidence import Evidence

#: Episodes of a run step by step, which figures 4 and 8 to 17 draw.
STRIPS = "strips.json"

#: By budget, cloned networks of each class; C-09 needs about 150.
CLONES = {"cpu": 20, "paper": 150}


class Zhang2018(Paper):
    """The study on overfitting."""

    card = "a study on overfitting in deep reinforcement learning"
    networks = NETWORKS
    network_lists = LISTS
    record_files = (STRIPS,)
    replaces = ("trajectories",)

    def claims(self) -> "Mapping[str, Claim]":
        """C-01 to C-14."""
        from rlgen_protocols.zhang2018.claims import CLAIMS

        return CLAIMS

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

    def record(self, policy: "AnyPolicy", split: "Split", seed: int) -> Mapping[str, Any]:
        """Episodes step by step."""
        from rlgen.evaluation.recording import strip_episodes

        return {STRIPS: strip_episodes(policy, split, seed)}

    def clones(self, budget: str, seeds: int | None = None) -> Clones | None:
        """Networks of the three classes that C-09 and C-10 compare."""
        from rlgen_protocols.zhang2018.claims.detection import CHECKS, STRATA

        number = CLONES.get(budget, 0) if seeds is None else seeds
        return Clones(STRATA, number, "maze-basic[size=7]", CHECKS) if number else None


PAPER = Zhang2018()
