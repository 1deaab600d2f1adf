"""Claims on what networks represent: a decreasing map, and convergence to a fixed point."""

from collections.abc import Sequence

import numpy as np

from rlgen.analysis.claims import Claim, Part, below, fact
from rlgen.analysis.results import Results
from rlgen_protocols.sander2021.cloned import GAMMA, mean

#: The least mean squared error of an increasing map to -x^3 on (-1, 1): that of the constant 0.
FLOOR = 1 / 7
#: Of the blocks whose networks without momentum are increasing.
LIPSCHITZ = 0.9


def _representation(results: Results, margins: Sequence[float]) -> list[Part]:
    rows = results.measured("cube")
    rows = rows[(rows["gamma"] == GAMMA) & (rows["lipschitz"] == LIPSCHITZ)]
    what = f"mean squared error, gamma = {GAMMA:g}, blocks of Lipschitz constant {LIPSCHITZ:g}"
    return [below(what, mean(rows["mse"].to_numpy(float)), margins[0])]


def _optimising(results: Results, margins: Sequence[float]) -> list[Part]:
    rows = results.measured("lasso")
    ista = rows[rows["gamma"] == 0].set_index("seed")["error"]
    parts = []
    for gamma in sorted(set(rows["gamma"]) - {0.0}):
        errors = rows[rows["gamma"] == gamma].set_index("seed")["error"]
        ratios = np.log2((errors / ista).dropna().to_numpy(float))
        what = f"log2 of the error relative to ISTA's, gamma = {gamma:g}"
        parts.append(below(what, mean(ratios), float(np.log2(margins[0]))))
    reversible = results.measured("lasso-revnet")["error"]
    far = list(reversible >= margins[1])
    return [*parts, fact("relative error of the RevNet", far, f"at least {margins[1]:g}")]


REPRESENTATION = Claim(
    "A momentum network fits -x^3 with blocks with which a residual network cannot: that is "
    "increasing, and has an error of at least 1/7.",
    "abstract; plot_dynamics_1D.py of the authors' code",
    "dynamics",
    {"mean squared error": FLOOR},
    _representation,
)
OPTIMISING = Claim(
    "Momentum networks of ISTA steps converge to the solution of a Lasso as ISTA does, and "
    "reversible networks of two halves do not.",
    "abstract: learning to optimize",
    "lasso",
    {"error relative to ISTA's": 2.0, "relative error of a RevNet": 1.0},
    _optimising,
)
