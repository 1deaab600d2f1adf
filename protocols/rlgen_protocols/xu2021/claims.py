"""The paper's claims, with the margins of method B, S5; that of ``XU-06`` is ours.

Errors on graphs are means, since the authors' function for them takes the mean of the percentages,
whatever its name says; errors on points are lower medians, as theirs.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from rlgen.analysis.claims import Claim, Part, above, below
from rlgen.analysis.results import Results
from rlgen_protocols.xu2021.evidence import by_seed, mean, rows, shares, times

#: Training graphs on which degrees say too little of those to come.
POOR = ("path", "cycle", "ladder", "4-regular")


def _straight(results: Results, margins: Sequence[float]) -> list[Part]:
    table = results.measured("rays")
    return [
        above(
            f"median R2 of a line along rays: {target}",
            mean(by_seed(own, "straight_median")),
            margins[0],
        )
        for target, own in table.groupby("target", sort=True)
    ]


def _directions(results: Results, margins: Sequence[float]) -> list[Part]:
    most, ratio = margins
    table = results.measured("directions")
    every, half = (rows(table, geometry=g) for g in ("all", "half-positive"))
    return [
        below(
            "median error in percent out of range, all directions",
            mean(by_seed(every, "error_out")),
            most,
        ),
        _ratio("half of the coordinates positive over all directions", half, every, ratio),
    ]


def _degree(results: Results, margins: Sequence[float]) -> list[Part]:
    table = plain(results.measured("max-degree"))
    general = rows(table, train_graphs="general")
    most, total = (rows(general, readout=readout) for readout in ("max", "sum"))
    return [_ratio("sum readout over max readout", total, most, margins[0])]


def _path(results: Results, margins: Sequence[float]) -> list[Part]:
    most, ratio = margins
    table = rows(results.measured("shortest-path"), train_graphs="general")
    least, total = (rows(table, aggregates=name) for name in ("min-min", "sum-sum"))
    return [
        below(
            "mean error in percent, minima, size and weights",
            mean(by_seed(least, "error_out")),
            most,
        ),
        _ratio("sums over minima, size and weights", total, least, ratio),
    ]


def _mazes(results: Results, margins: Sequence[float]) -> list[Part]:
    own = shares(results.measured("maze-distance"), 13)
    what = "share of exact distances at 13 x 13, minima less the best of the others"
    return [above(what, mean(own["min"] - own["others"]), margins[0])]


def _families(results: Results, margins: Sequence[float]) -> list[Part]:
    table = results.measured("max-degree")
    table = rows(table, features="random", node_mlp=True, readout="max")
    general = rows(table, train_graphs="general")
    return [
        _ratio(f"{family} over general", rows(table, train_graphs=family), general, margins[0])
        for family in POOR
    ]


def plain(table: pd.DataFrame) -> pd.DataFrame:
    """Cells of max degree with constant features."""
    return rows(table, features="constant")


def _ratio(what: str, one: pd.DataFrame, other: pd.DataFrame, margin: float) -> Part:
    """The error of one is more than so many times the other's, judged on the logarithm."""
    estimate = times(one, other, "error_out")
    part = above(f"log10 of the ratio of errors out of range, {what}", estimate, np.log10(margin))
    return replace(part, requirement=f"{part.requirement}: {margin:g} times")


CLAIMS: dict[str, Claim] = {
    "XU-01": Claim(
        "Networks of ReLU units are straight along rays beyond their data, whatever they were "
        "trained on.",
        "theorem 1, as the authors' README has it; their sphere_rsquare.py",
        "rays",
        {"R2": 0.99},
        _straight,
    ),
    "XU-02": Claim(
        "They extrapolate linear functions if training covers all directions, and not if half of "
        "the coordinates are positive only.",
        "theorem 2, as the authors' README has it; their scripts",
        "directions",
        {"error in percent": 5.0, "times as large": 5.0},
        _directions,
    ),
    "XU-03": Claim(
        "With maxima in the readout graph networks extrapolate the largest degree, with sums not.",
        "README of the authors' graph_algorithms: linear algorithmic alignment",
        "max-degree",
        {"times as large": 5.0},
        _degree,
    ),
    "XU-04": Claim(
        "With minima as aggregation and readout graph networks extrapolate shortest paths to "
        "larger graphs with heavier edges, with sums not.",
        "README of the authors' graph_algorithms: linear algorithmic alignment",
        "shortest-path",
        {"error in percent": 10.0, "times as large": 3.0},
        _path,
    ),
    "XU-05": Claim(
        "In larger mazes minima give more cells their exact distance than means or sums do.",
        "our question, not the paper's",
        "mazes",
        {"difference of shares": 0.3},
        _mazes,
    ),
    "XU-06": Claim(
        "Which graphs are trained on decides: from paths, cycles, ladders and 4-regular graphs "
        "the authors' network does not extrapolate the largest degree as it does from graphs of "
        "all densities.",
        "the families of the authors' sample scripts; random features. The margin is ours, "
        "declared before the study was run and after a trial of one seed on paths, 4-regular and "
        "general graphs",
        "training-graphs",
        {"times as large": 2.0},
        _families,
    ),
}
