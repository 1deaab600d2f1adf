"""The catalogue of regularisers of the learner, one module each.

A perturbation in training regularises too; those are in ``PERTURBATIONS``. To add a regulariser of
the learner: a module with a ``Regulariser``, and its line in the table. The contract tests then
check that one seed gives the same weights twice, that it changes nothing at its identity strength
and something at its default, and that evaluation does without it.
"""

from typing import TYPE_CHECKING

from rlgen.util.registry import Catalogue, Lazy

if TYPE_CHECKING:
    from rlgen.training.regularisers.base import Regulariser

__all__ = ["REGULARISERS"]

# In the order of their names in results; noise is added to observations before they are shifted.
REGULARISERS: "Catalogue[Regulariser]" = Catalogue(
    "regulariser",
    {
        "entropy": Lazy(
            "the loss's entropy coefficient is C (default 0.01)",
            "rlgen.training.regularisers.entropy:MEMBER",
        ),
        "l2": Lazy(
            "L2 decay of all weights but biases with coefficient C (default 0.0001)",
            "rlgen.training.regularisers.l2:MEMBER",
        ),
        "dropout": Lazy(
            "each hidden unit is left out of a rollout and its update with probability P "
            "(default 0.1)",
            "rlgen.training.regularisers.dropout:MEMBER",
        ),
        "level_noise": Lazy(
            "each cell of the level is shown flipped in an episode with probability Q "
            "(default 0.05)",
            "rlgen.training.regularisers.level_noise:MEMBER",
        ),
        "random_shift": Lazy(
            "each picture is moved by up to K pixels (default 1)",
            "rlgen.training.regularisers.random_shift:MEMBER",
        ),
    },
    group="rlgen.regularisers",
)
