"""Claims on trunks of policies that are cloned from the planner."""

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from rlgen.analysis.claims import Claim, Part, below, within
from rlgen.analysis.results import Results
from rlgen_protocols.sander2021.cloned import (
    FULL,
    GAMMA,
    MATCHED,
    MOMENTUM,
    RESIDUAL,
    by_seed,
    cloned,
    difference,
    mean,
    settings,
    words,
)


def _as_good(
    kind: str, column: str, what: str, fitted: bool, results: Results, margins: Sequence[float]
) -> list[Part]:
    rows = cloned(results, fitted=fitted)
    parts = []
    for setting in settings(rows):
        one, other = (
            by_seed(rows, setting, *which, column) for which in ((kind, GAMMA), (RESIDUAL, 0.0))
        )
        parts.append(within(f"{what}, {words(setting)}", difference(one, other), margins[0]))
    return parts


def _forgetting(results: Results, margins: Sequence[float]) -> list[Part]:
    """Slope of the gap in bits, after that of a trunk with equal branches is subtracted."""
    rows = cloned(results)
    bits = dict(rows[rows["kind"] == MOMENTUM].groupby("gamma")["bits"].first())
    parts = []
    for setting in settings(rows):
        effects: dict[int, list[tuple[float, float]]] = {}
        for gamma in sorted(bits):
            one, other = (
                by_seed(rows, setting, kind, gamma, "gap") for kind in (MOMENTUM, MATCHED)
            )
            for seed in one.keys() & other.keys():
                effects.setdefault(seed, []).append((bits[gamma], one[seed] - other[seed]))
        most = max(map(len, effects.values()), default=0)
        slopes = [
            _slope(np.array(points))
            for _, points in sorted(effects.items())
            if len(points) == most > 1
        ]
        what = f"change of the gap a bit forgotten, {words(setting)}"
        parts.append(below(what, mean(slopes), margins[0]))
    return parts


def _slope(points: NDArray[np.float64]) -> float:
    """Of the least-squares line through points ``(N, 2)``."""
    x, y = points.T
    return float(np.polyfit(x, y, 1)[0])


DROP_IN = Claim(
    "A trunk with momentum .9 in place of a residual one plays held-out levels as well, at equal "
    "training loss.",
    "abstract: the same accuracy as ResNets",
    "cloning",
    {"difference of normalised held-out return that counts as none": 0.05},
    partial(_as_good, MOMENTUM, "test", "held-out return, momentum minus residual", True),
)
FULL_BRANCH = Claim(
    "So does one whose branches weigh as much as those of the residual trunk.",
    "ours: momentum also scales the branch",
    "cloning",
    {"difference of normalised held-out return that counts as none": 0.05},
    partial(_as_good, FULL, "test", "held-out return, full branch minus residual", True),
)
AS_FAST = Claim(
    "A trunk with momentum .9 in place of a residual one has learnt as much after as many steps.",
    "abstract: a drop-in replacement",
    "cloning",
    {"difference of normalised training return that counts as none": 0.05},
    partial(_as_good, MOMENTUM, "early_train", "early training return", False),
)
FORGETTING = Claim(
    "The more bits a trunk forgets, the less it overfits, beyond what the size of its branches "
    "explains.",
    "ours",
    "cloning",
    {"change of the gap a bit forgotten": 0.0},
    _forgetting,
)
