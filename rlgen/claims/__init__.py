"""The paper's claims as statements that a study decides (method 1.12).

A claim is a list of parts, each a number with what is asked of it. To add one: a function from
``Evidence`` and the declared margins to its parts, and its line in the table.
"""

from rlgen.claims.base import Claim
from rlgen.util.registry import Catalogue, Lazy

__all__ = ["CLAIMS"]

_RETURNS, _TRAINING, _DETECTION = (
    f"rlgen.claims.{name}" for name in ("returns", "training", "detection")
)

CLAIMS: Catalogue[Claim] = Catalogue(
    "claim",
    {
        "C-01": Lazy("training reaches the optimum", f"{_RETURNS}:OPTIMAL"),
        "C-02": Lazy("test return rises with the number of training levels", f"{_RETURNS}:RISES"),
        "C-03": Lazy("test return falls with the families' difficulty", f"{_RETURNS}:FALLS"),
        "C-04": Lazy("ten training levels generalise badly everywhere", f"{_RETURNS}:FEW"),
        "C-05": Lazy("same training return, very different test return", f"{_RETURNS}:SPREAD"),
        "C-06": Lazy("random rewards are fitted, and test return is bad", f"{_RETURNS}:RANDOM"),
        "C-07": Lazy("capacity runs out at ten thousand levels", f"{_RETURNS}:CAPACITY"),
        "C-08": Lazy("stochasticity in training helps a bit", f"{_TRAINING}:HELPS"),
        "C-09": Lazy("sticky actions do not detect overfitting", f"{_DETECTION}:STICKY"),
        "C-10": Lazy("random spawn detects agents of few levels only", f"{_DETECTION}:SPAWN"),
        "C-11": Lazy("an MLP fits random rewards better and generalises worse", f"{_TRAINING}:MLP"),
        "C-12": Lazy("a big ConvNet fits as an MLP and generalises better", f"{_TRAINING}:BIG"),
        "C-13": Lazy("stickiness curves do not tell few levels from many", f"{_TRAINING}:CURVES"),
        "C-14": Lazy("training on may lower the test return", f"{_TRAINING}:OVERTRAINED"),
    },
    group="rlgen.claims",
)
