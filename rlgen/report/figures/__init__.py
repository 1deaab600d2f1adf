"""Figures of the report, one module each: from a study to a drawing and its numbers.

To add one: a module with a ``Figure``, and its line in the table.
"""

from rlgen.report.figures.base import Figure
from rlgen.util.registry import Catalogue, Lazy

__all__ = ["FIGURES"]

FIGURES: Catalogue[Figure] = Catalogue(
    "figure",
    {
        "gap-by-levels": Lazy(
            "return by number of training levels",
            "rlgen.report.figures.gap_by_levels:FIGURE",
        ),
        "learning-curves": Lazy(
            "training and held-out return during training",
            "rlgen.report.figures.learning_curves:FIGURE",
        ),
        "profiles": Lazy(
            "share of held-out scores above each threshold",
            "rlgen.report.figures.profiles:FIGURE",
        ),
        "gap-by-pool": Lazy(
            "gap to each held-out pool",
            "rlgen.report.figures.gap_by_pool:FIGURE",
        ),
        "conditions": Lazy(
            "return under each condition",
            "rlgen.report.figures.conditions:FIGURE",
        ),
        "probe-scatter": Lazy(
            "what probes measured against the gap",
            "rlgen.report.figures.probes:FIGURE",
        ),
        "trajectories": Lazy(
            "episodes on the worst levels",
            "rlgen.report.figures.trajectories:FIGURE",
        ),
        "best-of-k": Lazy(
            "return of the best of k jobs",
            "rlgen.report.figures.best_of_k:FIGURE",
        ),
    },
    group="rlgen.figures",
)
