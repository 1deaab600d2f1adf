"""Figures of the report, one module each: a study in, a drawing and its numbers out.

To add one: a module with a ``Figure``, and its line in the table.
"""

from rlgen.report.figures.base import Figure
from rlgen.util.registry import Catalogue, Lazy

__all__ = ["FIGURES"]

FIGURES: Catalogue[Figure] = Catalogue(
    "figure",
    {
        "learning-curves": Lazy(
            "training against held-out return while the agents train",
            "rlgen.report.figures.learning_curves:FIGURE",
        ),
        "gap-by-levels": Lazy(
            "return by number of training levels",
            "rlgen.report.figures.gap_by_levels:FIGURE",
        ),
        "conditions": Lazy(
            "return under each condition",
            "rlgen.report.figures.conditions:FIGURE",
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
