"""The paper's experiments and its probe, with what they measure. Imports nothing heavy."""

from collections.abc import Mapping
from typing import Any

from rlgen.papers import Experiment
from rlgen.probes.base import Probe

_HERE = "rlgen_protocols.xu2019"
_EXTRA = "graphs"


def _fit_seconds(options: Mapping[str, Any]) -> float:
    each = {"max": 2.0}.get(options["aggregation"], 1.0)
    size = options["mazes"] * options["width"] / 32 * options["rounds"] / 4
    return float(1 + each * 2e-4 * size * options["epochs"])


EXPERIMENTS = {
    "aggregations": Experiment(
        "what sum, mean and maximum make equal, exactly",
        f"{_HERE}.aggregations:run",
        {"family": "maze-tunnel[size=9]", "mazes": 20, "width": 16, "rounds": 4},
        {
            "sum_confuses": "pairs of 7 multisets, of 21, that the sum makes equal",
            "mean_confuses": "the same of the mean",
            "max_confuses": "the same of the maximum",
            "mean_within_max": "whether the maximum makes equal all that the mean does",
            "one_layer": "largest difference of sums of ReLU(W x) over {1,1,1,1,1} and {2,3}",
            "one_layer_bias": "the same with a bias in the layer",
            "sum_spread": "largest difference of two nodes' features in mazes without features, "
            "over the largest feature, in float64, with the sum",
            "mean_spread": "the same with the mean",
            "max_spread": "the same with the maximum",
        },
        limits={"mazes": (1, 10_000), "width": (1, 4096), "rounds": (1, 100)},
        seconds=5.0,
        extra=_EXTRA,
    ),
    "fit": Experiment(
        "fit labels of mazes by aggregation and update",
        f"{_HERE}.fitting:run",
        {
            "family": "maze-tunnel[size=9]",
            "mazes": 100,
            "features": "ones",
            "labels": "random",
            "aggregation": "sum",
            "update": "mlp",
            "readout": "sum",
            "norm": "outer",
            "epsilon": False,
            "width": 32,
            "rounds": 4,
            "epochs": 500,
            "size": 0,
            "rate": 0.01,
            "halved": 100,
        },
        {
            "train": "share of training mazes classified rightly after training",
            "best": "the largest such share at a measured epoch",
            "test": "the share of held-out mazes",
            "gap": "train less test",
            "epoch": "epochs at which training shares were measured",
            "accuracy": "training shares at these epochs",
            "ceiling": "training share of the best rule that sees colours of 1-WL after as many "
            "rounds as the network has",
            "ceiling_stable": "the same of stable colours",
            "stable": "rounds of 1-WL until the colours are stable",
        },
        limits={
            "mazes": (2, 10_000),
            "width": (1, 4096),
            "rounds": (1, 100),
            "epochs": (1, 10**6),
            "size": (0, 10_000),
            "halved": (0, 10**6),
        },
        seconds=_fit_seconds,
        extra=_EXTRA,
    ),
    "policies": Experiment(
        "clone the planner with graph networks, by aggregation and update",
        f"{_HERE}.policies:run",
        {
            "family": "maze-tunnel[size=9]",
            "network": "message-passing",
            "n": 100,
            "flip_p": 0.0,
            "tests": 100,
            "steps": 400,
        },
        {
            "aggregate": "what a cell receives of its neighbours: max, mean or sum",
            "update": "what follows: mlp or gin",
            "train": "normalised exact return on training levels",
            "test": "normalised exact return on held-out levels",
            "gap": "train less test",
        },
        limits={
            "n": (1, 10_000),
            "flip_p": (0, 1),
            "tests": (1, 10_000),
            "steps": (1, 10**6),
        },
        seconds=lambda options: 5 + options["steps"] / 25,
    ),
}

PROBES = {
    "collapse-rate": Probe(
        "share of training states with different optimal actions whose features nearly agree",
        f"{_HERE}.probes:collapse_rate",
        f"{_HERE}.probes:collapse_rate_identity",
        {
            "collapse_rate": "share of pairs of states without a common optimal action whose "
            "distance is at most a tenth of the median",
            "median_distance": "of such pairs, over the root mean square of a state's features",
        },
        "training data",
        "one forward pass of at most 480 states",
        frozenset({"torch", "tabular"}),
    ),
}
