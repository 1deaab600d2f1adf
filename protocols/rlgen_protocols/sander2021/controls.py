"""Cases whose truth is known: where one comes out otherwise, no claim is to be believed."""

from collections.abc import Sequence
from functools import partial

from rlgen.analysis.claims import Claim, Control, Part, fact
from rlgen.analysis.parts import REFUTED, SUPPORTED
from rlgen.analysis.results import Results
from rlgen_protocols.sander2021.claims.maps import FLOOR, LIPSCHITZ
from rlgen_protocols.sander2021.cloned import GAMMA

#: Where the inverse in single precision must fail.
FLOAT_GAMMA, FLOAT_DEPTH = 0.5, 32


def _identity(results: Results, margins: Sequence[float]) -> list[Part]:
    del margins
    rows = results.measured("identity")
    equal = rows["weights_equal"].astype(bool) & rows["features_equal"].astype(bool)
    return [fact("weights and features after training", list(equal), "equal bit for bit")]


def _floats(results: Results, margins: Sequence[float]) -> list[Part]:
    rows = results.measured("inversion")
    rows = rows[(rows["gamma"] == FLOAT_GAMMA) & (rows["depth"] == FLOAT_DEPTH)]
    near = list(rows["float32_error"] <= margins[0])
    return [fact("error of the first position in float32", near, f"at most {margins[0]:g}")]


def _bounded(results: Results, margins: Sequence[float]) -> list[Part]:
    rows = results.measured("cube")
    rows = rows[(rows["gamma"] == 0) & (rows["lipschitz"] == LIPSCHITZ)]
    better = list(rows["mse"] < margins[0])
    return [fact("mean squared error", better, f"below {margins[0]:.4f}")]


def _crosses(gamma: float, results: Results, margins: Sequence[float]) -> list[Part]:
    rows = results.measured("crossing")
    rows = rows[(rows["gamma"] == gamma) & (rows["theta"] == -0.9)]
    at = int(margins[0])
    crossed = list(rows["first_below_zero"] == at)
    return [fact(f"position under -.9 x, gamma = {gamma:g}", crossed, f"negative from step {at}")]


IDENTITY = Control(
    Claim(
        "Without momentum a momentum trunk is the residual trunk, bit for bit.",
        "definition",
        "cloning",
        {},
        _identity,
    ),
    SUPPORTED,
)
FLOATS = Control(
    Claim(
        f"In single precision the inverse returns the input at gamma = {FLOAT_GAMMA:g}, "
        f"depth {FLOAT_DEPTH}.",
        "false: the error grows by 1 / gamma a block",
        "inversion",
        {"largest error": 1e-4},
        _floats,
    ),
    REFUTED,
)
BOUNDED = Control(
    Claim(
        f"A residual network of blocks of Lipschitz constant {LIPSCHITZ:g} fits -x^3 better than "
        "any increasing map.",
        "false: it is increasing",
        "dynamics",
        {"mean squared error": FLOOR - 1e-3},
        _bounded,
    ),
    REFUTED,
)
CROSSES = Control(
    Claim(
        f"Under the block -.9 x a position crosses 0 between steps 5 and 6 at gamma = {GAMMA:g}.",
        "computed by hand",
        "dynamics",
        {"first step below 0": 6},
        partial(_crosses, GAMMA),
    ),
    SUPPORTED,
)
STAYS = Control(
    Claim(
        "Without momentum it does so too.",
        "false: it shrinks by a factor of .1 a step",
        "dynamics",
        {"first step below 0": 6},
        partial(_crosses, 0.0),
    ),
    REFUTED,
)

CONTROLS: dict[str, Control] = {
    "SA-K1": IDENTITY,
    "SA-K2": FLOATS,
    "SA-K3": BOUNDED,
    "SA-K4": CROSSES,
    "SA-K5": STAYS,
}
