"""What the paper's protocols may ask for, with what a cell costs."""

from collections.abc import Mapping
from typing import Any

from rlgen.papers import Experiment
from rlgen.probes.base import Probe

_HERE = "rlgen_protocols.knyazev2019"
_SETS = {
    "train": "training graphs",
    "orig": "held-out graphs like those of training",
    "large": "larger graphs",
    "largec": "larger graphs with features that did not occur; nan: the task has none",
}
_TESTED = {
    **{f"accuracy_{name}": f"share of counts that are right: {of}" for name, of in _SETS.items()},
    **{
        f"auc_{name}": f"AUC of the first attention for the true one, of {of}; nan: no attention"
        for name, of in _SETS.items()
    },
    "cosine_end": "of the direction of attention with the best one, after training; nan: none",
}
_CURVE = {"curve": "mean squared error of some epochs"}
_SIZES = {
    "graphs": (1.0, 1e6),
    "tests": (1.0, 1e6),
    "largest": (26.0, 1000.0),
    "epochs": (1.0, 1e5),
    "width": (1.0, 1e4),
}
_COLORS = {"graphs": 500, "tests": 500, "largest": 200, "epochs": 300, "width": 64}


def _seconds(options: Mapping[str, Any]) -> float:
    """CPU seconds of a cell: steps of 32 graphs, and the drawing of graphs."""
    task = str(options.get("task", "colors"))
    linear = task.endswith("colors")
    step = 0.002 if linear else 0.008 + 0.004 * float(options["width"]) / 64
    times = {"global": 1 / 3 if linear else 0.6, "weak": 4 / 3 if linear else 2.0, "fixed": 2.0}
    epochs = float(options["epochs"]) * times.get(str(options.get("mode")), 1.0)
    steps = epochs * max(1.0, float(options["graphs"]) / 32)
    return 1 + step * steps + (float(options["graphs"]) + 3 * float(options["tests"])) / 2000


EXPERIMENTS: dict[str, Experiment] = {
    "counting": Experiment(
        "train networks with and without attention to count on small graphs",
        f"{_HERE}.counting:run",
        {"task": "colors", "mode": "unsupervised", **_COLORS},
        {
            **_TESTED,
            "cosine_start": "the same before training",
            "auc_labels": "AUC of attention labels from a network without attention; nan: none",
            **_CURVE,
            "examples": "the first larger mazes: cells, true attention, attention",
        },
        _SIZES,
        seconds=_seconds,
    ),
    "directions": Experiment(
        "count colours without supervision from an initial direction of attention",
        f"{_HERE}.counting:from_direction",
        {"cosine": 1.0, **_COLORS},
        {**_TESTED, **_CURVE},
        {"cosine": (-1.0, 1.0), **_SIZES},
        seconds=_seconds,
    ),
    "policies": Experiment(
        "clone policies with and without attention, which is supervised by the planner's path",
        f"{_HERE}.policies:run",
        {
            "family": "maze-tunnel[size=9]",
            "attention": "unsupervised",
            "levels": 30,
            "tests": 20,
            "larger_size": 13,
            "rounds": 10,
            "width": 16,
            "steps": 600,
            "weight": 1.0,
        },
        {
            "train": "normalised exact return on training levels: 0 random, 1 the planner's",
            "test": "the same on held-out levels",
            "larger": "the same on larger ones",
            "gap": "train minus test",
            "auc_train": "AUC of attention for the planner's remaining path, mean over training "
            "states; nan: no attention",
            "auc_test": "the same of held-out states",
        },
        {
            "levels": (1.0, 1e6),
            "tests": (1.0, 1e6),
            "larger_size": (3.0, 1000.0),
            "rounds": (1.0, 1000.0),
            "width": (1.0, 1e4),
            "steps": (1.0, 1e7),
            "weight": (0.0, 1e6),
        },
        seconds=lambda options: 4 + float(options["steps"]) * float(options["rounds"]) / 400,
    ),
}

PROBES: dict[str, Probe] = {
    "attribution": Probe(
        "whether a policy attends to what the planner still has to do",
        f"{_HERE}.probes:attribution",
        f"{_HERE}.probes:attribution_identity",
        {
            "auc": "mean over states: share of pairs of a cell on the planner's remaining path and "
            "another one in which covering the first changes the log-probability of the planner's "
            "action more; ties are half, .5 for a network that says the same of all states"
        },
        "held-out labels",
        "a forward pass of each cell of 64 held-out states, covered",
        frozenset({"torch", "tabular"}),
    )
}
