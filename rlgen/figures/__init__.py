"""Figures of the report, one module each: a study in, a drawing and its numbers out.

To add one: a module with a ``Figure``, and its line in the table.
"""

from rlgen.catalogue import Catalogue, Lazy
from rlgen.figures.base import Figure

__all__ = ["FIGURES"]

FIGURES: Catalogue[Figure] = Catalogue(
    "figure",
    {
        "learning-curves": Lazy(
            "training against held-out return while the agents train",
            "rlgen.figures.learning_curves:FIGURE",
        ),
        "gap-by-levels": Lazy(
            "return by number of training levels",
            "rlgen.figures.gap_by_levels:FIGURE",
        ),
        "conditions": Lazy(
            "return under each condition",
            "rlgen.figures.conditions:FIGURE",
        ),
        "trajectories": Lazy(
            "episodes on the worst levels",
            "rlgen.figures.trajectories:FIGURE",
        ),
        "best-of-k": Lazy(
            "return of the best of k jobs",
            "rlgen.figures.best_of_k:FIGURE",
        ),
    },
    group="rlgen.figures",
)
