"""The paper's experiments and its probe, with what they measure. Imports nothing heavy."""

from collections.abc import Mapping
from typing import Any

from rlgen.papers import Experiment
from rlgen.probes.base import Probe

_HERE = "rlgen_protocols.xu2020"
#: CPU seconds of 1,000 steps of 128 examples with five objects at a width of 32, by network; of
#: graph networks of one round.
_SECONDS = {"mlp": 0.6, "deep-sets": 0.9, "exhaustive": 2.5, "gnn": 1.8}
#: Objects of an example, by form.
_OBJECTS = {"small": 5, "authors": 20}


def _reasoning_seconds(options: Mapping[str, Any]) -> float:
    model = options["model"]
    larger = options["batch"] / 128 * options["width"] / 32 * _OBJECTS.get(options["form"], 5) / 5
    if model.startswith("gnn"):
        rounds = int("".join(c for c in model if c.isdigit()) or 1)
        each = _SECONDS["gnn"] * rounds * larger * _OBJECTS.get(options["form"], 5) / 5
    else:
        each = _SECONDS.get(model, 1.0) * larger
    return float(0.3 + each * _steps(options) / 1000)


def _steps(options: Mapping[str, Any]) -> int:
    """At most 150 epochs."""
    return int(min(options["steps"], 150 * max(1, options["n"] // options["batch"])))


def _mazes_seconds(options: Mapping[str, Any]) -> float:
    levels = 3e-3 * (options["n"] + 1.5 * options["held_out"])
    steps = _steps(options)
    rounds = {"steps-to-key": 15, "best-subset": 13}.get(options["question"], 3)
    return float(2 + levels + steps * options["batch"] / 64 * (0.01 + 2.2e-3 * rounds))


EXPERIMENTS = {
    "reasoning": Experiment(
        "learn one of the paper's tasks from n examples",
        f"{_HERE}.reasoning:run",
        {
            "task": "furthest-pair",
            "form": "small",
            "model": "deep-sets",
            "n": 5000,
            "labels": "true",
            "copy": 0,
            "steps": 4000,
            "width": 32,
            "batch": 128,
            "rate": 0.01,
            "init": "torch",
            "held_out": 2000,
        },
        {
            "test": "share of test examples classified rightly, by the weights of the best "
            "validation",
            "chance": "the same if these answers were permuted among the test examples, expected",
            "validation": "share of validation examples, at its best",
            "train": "share of training examples at the end, of at most 2,000",
            "taken": "steps that were taken",
            "best_step": "the first of those whose validation was best",
            "weights": "how many the network has",
        },
        limits={
            "n": (1, 10**6),
            "copy": (0, 1000),
            "steps": (1, 10**7),
            "width": (1, 4096),
            "batch": (1, 4096),
            "rate": (0, 1),
            "held_out": (1, 10**5),
        },
        seconds=_reasoning_seconds,
    ),
    "mazes": Experiment(
        "answer a question about the start states of mazes, networks side by side",
        f"{_HERE}.mazes:run",
        {
            "family": "maze-tunnel[size=9]",
            "question": "steps-to-key",
            "n": 200,
            "deepest": 10,
            "steps": 800,
            "width": 32,
            "batch": 64,
            "rate": 5e-3,
            "held_out": 400,
        },
        {
            "fits": "by network what the experiment reasoning measures, and by_distance: the share "
            "of right answers by the steps from agent to key",
            "distances": "test levels with each number of steps from agent to key",
        },
        limits={
            "n": (1, 10**5),
            "deepest": (1, 24),
            "steps": (1, 10**6),
            "width": (1, 4096),
            "batch": (1, 4096),
            "rate": (0, 1),
            "held_out": (2, 10**5),
        },
        seconds=_mazes_seconds,
    ),
    "policies": Experiment(
        "clone the planner with a graph network of some rounds",
        f"{_HERE}.policies:run",
        {
            "family": "maze-tunnel[size=9]",
            "network": "message-passing[rounds=10]",
            "n_train_levels": 30,
            "steps": 300,
            "batch": 64,
            "held_out": 30,
            "states": 2000,
        },
        {
            "train": "share of training states whose most probable action is one of the planner's",
            "validation": "the same of held-out levels",
        },
        limits={
            "n_train_levels": (1, 10**5),
            "steps": (1, 10**6),
            "batch": (2, 4096),
            "held_out": (1, 10**4),
            "states": (1, 10**6),
        },
        seconds=lambda options: 2.0 + 0.04 * options["steps"] * options["batch"] / 64,
    ),
}

PROBES: Mapping[str, Probe] = {
    "value-alignment": Probe(
        "whether features hold the distances of the cells around the agent to the next object",
        f"{_HERE}.probes:value_alignment",
        f"{_HERE}.probes:alignment_identity",
        {
            "held_out": "R² on states of validation levels, of test levels where there are none, "
            "of a ridge regression of these distances on the features before the head, fitted on "
            "training states",
            "training": "the same on training states",
            "inputs": "the first of the observations instead of features",
        },
        "held-out labels",
        "two forward passes and two singular value decompositions",
        frozenset({"torch", "tabular"}),
    ),
}
