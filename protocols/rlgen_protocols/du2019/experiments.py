"""The paper's experiments, with what they measure. Imports nothing heavy."""

from collections.abc import Mapping
from typing import Any

from rlgen.papers import Experiment
from rlgen.probes.base import Probe

_HERE = "rlgen_protocols.du2019"
#: Options of the kernel that most experiments have.
_KERNEL = {"blocks": 1, "layers": 1, "jumping": True}
_LIMITS = {"blocks": (0, 20), "layers": (1, 10)}


def _learning_seconds(options: Mapping[str, Any]) -> float:
    number, nodes = options["most"] + options["tests"], 11 if options["task"] == "theorem" else 34
    if options["method"] == "gin":
        return float(2 + 4e-6 * options["steps"] * options["most"] * nodes)
    if options["method"] == "wl":
        return 1.0
    return float(1 + 1.7e-8 * (number * nodes) ** 2 * options["blocks"] * options["layers"])


def _class_seconds(options: Mapping[str, Any]) -> float:
    if options["method"] == "wl":
        return 12.0
    return float(5 + 1.7e-8 * (options["graphs"] * 34) ** 2 * options["blocks"] * options["layers"])


EXPERIMENTS = {
    "learning": Experiment(
        "learn a function of graphs from 16, 32, 64, ... of them",
        f"{_HERE}.learning:run",
        {
            "task": "theorem",
            "method": "gntk-uniform",
            "family": "maze-tunnel[size=9]",
            "most": 256,
            "tests": 200,
            **_KERNEL,
            "steps": 300,
            "permuted": False,
        },
        {
            "sizes": "numbers of training graphs, nested",
            "nmse": "test error with each, as a share of the variance of the test targets",
            "mean_nmse": "the same of the mean of the training targets",
            "chosen": "by folds of the training graphs: penalty, and rounds of the subtree kernel",
            "last": "nmse with the most training graphs",
            "last_mean": "mean_nmse with them",
        },
        limits={"most": (16, 100_000), "tests": (2, 100_000), "steps": (1, 10**6), **_LIMITS},
        seconds=_learning_seconds,
        extra="graphs",
    ),
    "bridges": Experiment(
        "tell graphs with a bridge from those without, which 1-WL cannot",
        f"{_HERE}.bridges:run",
        {"setting": "degree/uniform", **_KERNEL, "pairs": 30},
        {
            "difference": "largest relative difference between the rows of the two of a pair",
            "wl_difference": "the same of the subtree kernel",
            "nmse": "test error of kernel ridge regression, as a share of the targets' variance",
            "wl_nmse": "the same of the subtree kernel",
            "mean_nmse": "the same of the mean of the training targets",
        },
        limits={"pairs": (10, 1_000), **_LIMITS},
        extra="graphs",
    ),
    "classes": Experiment(
        "classify graphs with support vector machines, by ten folds",
        f"{_HERE}.classes:run",
        {"dataset": "near-key", "method": "gntk-uniform", **_KERNEL, "graphs": 120},
        {
            "best": "accuracy in percent with what has the best mean over the folds: too high",
            "best_sd": "its standard deviation over folds",
            "nested": "accuracy in percent with what was chosen within the training folds",
            "nested_sd": "its standard deviation over folds",
            "folds": "nested accuracy of each fold",
            "largest_class": "share of the largest class, in percent",
            "pictured": "graphs of each class in gram, the first of it",
            "gram": "the kernel between them, each scaled to 1 with itself",
        },
        limits={"graphs": (30, 10_000), **_LIMITS},
        seconds=_class_seconds,
        extra="graphs",
    ),
    "identities": Experiment(
        "how far identities of the kernel are from holding",
        f"{_HERE}.identities:run",
        {**_KERNEL, "scaling": "uniform", "graphs": 40},
        {
            "asymmetry": "largest difference from the kernel of the graphs in reverse order",
            "least_eigenvalue": "over the largest",
            "permuted": "largest difference after the nodes of each graph were permuted",
            "linear": "largest difference of the kernel of no blocks from that of summed features",
        },
        limits={"graphs": (2, 1_000), **_LIMITS},
        extra="graphs",
    ),
    "width": Experiment(
        "the tangent kernel of a network of finite width beside the recursion",
        f"{_HERE}.wide:run",
        {"graphs": 8, "width": 10_000},
        {
            "deviation": "relative distance from half of the recursion's kernel",
            "deviation_whole": "relative distance from the recursion's kernel",
        },
        limits={"graphs": (1, 1_000), "width": (1, 10**8)},
        seconds=lambda options: 0.2 + 6e-6 * options["width"],
        extra="graphs",
    ),
}

PROBES = {
    "gntk-alignment": Probe(
        "whether features are those of an infinitely wide graph network that is read at the agent",
        f"{_HERE}.probes:alignment",
        f"{_HERE}.probes:identity",
        {
            "alignment": "centred kernel alignment of the features before the head with the graph "
            "neural tangent kernel at the agent's cell, from 0 to 1, on 128 states of new levels",
            "observations": "the same of the observations themselves",
        },
        "held-out observations",
        "one forward pass of 128 states, and the kernel between their mazes: seconds",
        frozenset({"torch", "tabular"}),
    ),
}
