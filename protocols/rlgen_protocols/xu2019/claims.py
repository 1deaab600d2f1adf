"""The paper's claims, with margins declared before anything was trained.

"GIN-06" has a margin of our own; all others are those of the probe's specification.
"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from rlgen.analysis.claims import Claim, Part, above, fact, within
from rlgen.analysis.results import Results
from rlgen_protocols.graphs.estimates import difference, mean, rows

#: The cases that claims compare, see README.md.
NOISE = {"labels": "random", "features": "ones", "readout": "sum", "norm": "outer"}
#: Aggregations from the least to the most powerful.
POWER = ("max", "mean", "sum")
SUM = {"aggregation": "sum", "update": "mlp", "epsilon": False}


def _multisets(results: Results, margins: Sequence[float]) -> list[Part]:
    none, mean, most = margins
    table = results.measured("aggregations")
    return [
        fact("pairs that the sum makes equal", list(table["sum_confuses"] == none), f"{none:g}"),
        fact("pairs that the mean makes equal", list(table["mean_confuses"] == mean), f"{mean:g}"),
        fact(
            "pairs that the maximum makes equal", list(table["max_confuses"] == most), f"{most:g}"
        ),
        fact("they hold those of the mean", table["mean_within_max"].astype(bool).tolist(), "yes"),
    ]


def _one_layer(results: Results, margins: Sequence[float]) -> list[Part]:
    same, apart = margins
    table = results.measured("aggregations")
    return [
        fact("difference without bias", list(table["one_layer"] <= same), f"at most {same:g}"),
        fact("difference with bias", list(table["one_layer_bias"] > apart), f"above {apart:g}"),
    ]


def _mazes(results: Results, margins: Sequence[float]) -> list[Part]:
    same, apart = margins
    table = results.measured("aggregations")
    return [
        fact("spread of cells, mean", list(table["mean_spread"] <= same), f"at most {same:g}"),
        fact("spread of cells, maximum", list(table["max_spread"] <= same), f"at most {same:g}"),
        fact("spread of cells, sum", list(table["sum_spread"] > apart), f"above {apart:g}"),
    ]


def _fits_better(results: Results, margins: Sequence[float]) -> list[Part]:
    table = rows(results.measured("fit"), **NOISE)
    return [
        above(
            f"training accuracy, sum minus {name}, MLPs",
            difference(table, "train", SUM, SUM | {"aggregation": name}),
            margins[0],
        )
        for name in ("mean", "max")
    ]


def _mlp_fits_better(results: Results, margins: Sequence[float]) -> list[Part]:
    table = rows(results.measured("fit"), **NOISE)
    lead = difference(table, "train", SUM, SUM | {"update": "one-layer"})
    return [above("training accuracy, sum with an MLP minus with one layer", lead, margins[0])]


def _epsilon(results: Results, margins: Sequence[float]) -> list[Part]:
    table = rows(results.measured("fit"), **NOISE)
    lead = difference(table, "train", SUM | {"epsilon": True}, SUM)
    return [within("training accuracy, epsilon learnt minus 0", lead, margins[0])]


def _overfits(results: Results, margins: Sequence[float]) -> list[Part]:
    table = rows(results.measured("policies"), update="mlp", flip_p=0.0)
    if table.empty:
        return []
    most = int(table["n"].max())
    gaps = rows(table, n=most).pivot_table(index="seed", columns="aggregate", values="gap")
    if not set(POWER) <= set(gaps):
        return []
    order = gaps[list(POWER)].dropna().to_numpy()
    signs = [np.sign(order[:, j] - order[:, i]) for i, j in combinations(range(len(POWER)), 2)]
    trend = mean(pd.Series(np.mean(signs, axis=0)))
    what = f"pairs of max, mean, sum in the order of their power less others, {most:,} levels"
    return [above(what, trend, margins[0])]


CLAIMS = {
    "GIN-01": Claim(
        "Sums tell all multisets of neighbours apart, means only their distributions, maxima only "
        "the sets.",
        "on structures that confuse mean and max; counted on {a, aa, ab, aabb, aab, abb, aaabbb}",
        "exact",
        {"pairs, sum": 0, "pairs, mean": 4, "pairs, maximum": 11},
        _multisets,
    ),
    "GIN-02": Claim(
        "One layer with ReLU makes some multisets equal that an MLP tells apart; only without a "
        "bias.",
        "on 1-layer perceptrons; that the layer must have no bias is ours",
        "exact",
        {"difference that is rounding": 1e-12, "difference that is none": 1e-3},
        _one_layer,
    ),
    "GIN-03": Claim(
        "In mazes without features mean and maximum give every cell the same embedding; sums do "
        "not.",
        "the same, on mazes",
        "exact",
        {"difference that is rounding": 1e-12, "difference that is none": 1e-3},
        _mazes,
    ),
    "GIN-04": Claim(
        "Networks with sums fit random labels of mazes better than those with means or maxima.",
        "figure 4, training set performance; here on mazes",
        "fit",
        {"difference of training accuracies": 0.1},
        _fits_better,
    ),
    "GIN-05": Claim(
        "With sums an MLP fits them better than one layer.",
        "figure 4, training set performance; here on mazes",
        "fit",
        {"difference of training accuracies": 0.0},
        _mlp_fits_better,
    ),
    "GIN-06": Claim(
        "Learning epsilon does not change the fit.",
        "experiments; the margin is ours",
        "fit",
        {"difference of training accuracies": 0.05},
        _epsilon,
    ),
    "GIN-07": Claim(
        "More power overfits more: the gap of cloned policies grows from maximum to mean to sum.",
        "our question; Jonckheere's count of ordered pairs, within seeds",
        "policies",
        {"share of pairs": 0.0},
        _overfits,
    ),
}
