"""The paper's experiments and its probe, with what they measure. Imports nothing heavy."""

from collections.abc import Mapping
from typing import Any

from rlgen.papers import Experiment
from rlgen.probes.base import Probe

_HERE = "rlgen_protocols.sato2020"
_EXTRA = "graphs"


def _ladder_seconds(options: Mapping[str, Any]) -> float:
    """Of one epoch on one graph, by model, times both."""
    each = {"distances": 3.5, "fwl2": 16.0, "gat": 0.7, "sage-max": 0.7}.get(options["model"], 0.4)
    width = (options["width"] / 32) * (options["rounds"] / 6)
    return float(1.5 + each * 1e-3 * width * options["graphs"] * options["epochs"])


EXPERIMENTS = {
    "telling": Experiment(
        "differences of an untrained network's scores within pairs that 1-WL cannot tell apart",
        f"{_HERE}.telling:run",
        {"model": "gin", "width": 16, "rounds": 6, "readout": "sum"},
        {
            "length": "edges of the rings of each pair",
            "corridor": "edges of its corridor",
            "differences": "of the two graphs' scores, over the largest score, in float64",
            "largest": "of the differences",
            "least": "of the differences",
            "largest32": "the largest in float32",
            "copies": "the largest difference of a graph and a permuted copy of it, in float64",
            "path_star": "difference of a path and a star of five nodes, which 1-WL tells apart",
        },
        limits={"width": (1, 4096), "rounds": (1, 100)},
        seconds=4.0,
        extra=_EXTRA,
    ),
    "ladder": Experiment(
        "learn which of two mazes that 1-WL cannot tell apart hangs together by one corridor",
        f"{_HERE}.ladder:run",
        {
            "task": "bridge",
            "model": "gin",
            "graphs": 400,
            "tests": 200,
            "width": 32,
            "rounds": 6,
            "readout": "sum",
            "epochs": 40,
            "size": 32,
            "rate": 0.005,
        },
        {
            "train": "share of training mazes classified rightly after training",
            "test": "the same of held-out mazes with rings of the same lengths",
            "far": "the same of mazes with longer rings than in training",
            "gap": "train less test",
            "draws": "numbers of draws of random features whose scores are averaged",
            "test_by_draws": "held-out share by these numbers",
            "pair_difference": "largest difference of scores within a held-out pair, over the "
            "largest score",
            "curve": "the shares after some epochs, with one draw",
            "parameters": "of the network",
        },
        limits={
            "graphs": (4, 100_000),
            "tests": (4, 100_000),
            "width": (1, 4096),
            "rounds": (1, 100),
            "epochs": (1, 10**6),
            "size": (2, 100_000),
        },
        seconds=_ladder_seconds,
        extra=_EXTRA,
    ),
    "cloning": Experiment(
        "clone the planner, and see how it acts in turned and mirrored copies of its levels",
        f"{_HERE}.cloning:run",
        {
            "family": "maze-basic[size=5]",
            "network": "mlp-64-64",
            "n": 10,
            "flip_p": 0.0,
            "tests": 50,
            "steps": 800,
        },
        {
            "train": "normalised exact return on training levels",
            "test": "normalised exact return on held-out levels",
            "gap": "train less test",
            "agreement": "share of training states in which the most probable action is optimal",
            "copies": "the same of their seven turned and mirrored images",
            "copy_gap": "agreement less copies",
            "held_out": "agreement on states of held-out levels",
            "agreement_gap": "agreement less held_out",
            "chance": "a random number: known to say nothing of the gap",
        },
        limits={"n": (1, 10_000), "flip_p": (0, 1), "tests": (1, 10_000), "steps": (1, 10**6)},
        seconds=lambda options: 2 + options["steps"] / 60,
    ),
}

PROBES = {
    "copy-gap": Probe(
        "how much worse it acts in turned and mirrored copies of its training levels",
        f"{_HERE}.probes:copy_gap",
        f"{_HERE}.probes:copy_gap_identity",
        {
            "copy_gap": "agreement less copies",
            "agreement": "share of training states whose most probable action is optimal",
            "copies": "the same of their seven images, with optimal actions turned likewise",
        },
        "training data",
        "eight forward passes of at most 480 states",
        frozenset({"tabular"}),
    ),
}
