"""What the study measures; importing this package imports nothing heavy.

To add one: a function in a module of this package, and its line in the table.
"""

from collections.abc import Mapping
from typing import Any

from rlgen.papers import Experiment

_HERE = "rlgen_protocols.sander2021.experiments"
_GAMMA = (0.0, 0.9999)
_DEPTH = (1, 10_000)


def _of_cube(options: Mapping[str, Any]) -> float:
    return float(options["iterations"] * options["depth"] * 1.4e-4)


def _of_rings(options: Mapping[str, Any]) -> float:
    size = options["iterations"] * options["depth"]
    return float(size * (1.2e-4 + 2.5e-7 * options["points"]))


def _of_cloning(options: Mapping[str, Any]) -> float:
    # As many steps as there are more levels to fit, up to the most.
    steps = min(options["most_steps"], 1000 * (options["n_train_levels"] / 10) ** 0.3)
    return float(0.8 + steps * 2.4e-3)


_CUBE: dict[str, int | float | str] = {
    "depth": 15,
    "hidden": 16,
    "optimiser": "adam",
    "rate": 0.01,
}
_CUBE_MEASURES = {
    "mse": "mean squared error on (-1, 1), by the trapezoidal rule on 2,001 points",
    "increasing": "whether the map increases from each of these points to the next",
    "path": "positions of eight points before the first layer and after each",
}
_CUBE_LIMITS = {"gamma": _GAMMA, "depth": _DEPTH, "lipschitz": (0.0, 100.0)}
_LASSO = {"rows": 16, "columns": 32, "penalty": 0.1, "steps": 4000}
_LASSO_MEASURES = {
    "error": "distance to the solution after the last step, relative to its norm; from 1e-12 to "
    "1e30",
    "marks": "numbers of steps",
    "errors": "the same after each of them",
}
_LASSO_LIMITS: dict[str, tuple[float, float]] = {
    "rows": (2, 1000),
    "columns": (2, 1000),
    "penalty": (1e-3, 0.99),
    "steps": (1, 1_000_000),
}

EXPERIMENTS: dict[str, Experiment] = {
    "inversion": Experiment(
        "run a momentum network backwards, in integers and in floating point",
        f"{_HERE}.exactness:inversion",
        {"gamma": 0.9, "depth": 32, "width": 32, "batch": 16},
        {
            "wrong_integers": "number of integers of position and velocity that do not come back",
            "buffer_empty": "whether the information buffer is empty afterwards",
            "words": "words of 64 bits a unit in the buffer after the last block",
            "bits": "bits a unit and block that they hold",
            "ideal_bits": "-log2 gamma",
            "gradient_error": "relative to the norm of that of plain backpropagation, in float64",
            "float32_error": "largest error of the first position, at most 1e38",
            "float64_error": "the same in double precision",
        },
        {"gamma": (1e-4, 0.9999), "depth": _DEPTH},
        seconds=lambda options: 0.1 + options["depth"] * 2e-3,
    ),
    "memory": Experiment(
        "bytes that autograd keeps of a stack of blocks for its backward pass",
        f"{_HERE}.exactness:memory",
        {"gamma": 0.9, "depth": 8, "width": 64, "batch": 256},
        {
            "residual_bytes": "without momentum, bytes in distinct storages without parameters",
            "momentum_bytes": "with momentum in floating point",
            "exact_bytes": "with momentum in integers, the information buffer included",
        },
        {"gamma": (1e-4, 0.9999), "depth": _DEPTH},
        seconds=0.1,
    ),
    "identity": Experiment(
        "train a residual trunk, and one of momentum 0, and compare them bit for bit",
        f"{_HERE}.exactness:identity",
        {"depth": 4, "width": 16, "steps": 50},
        {
            "weights_equal": "whether all weights are equal after training",
            "features_equal": "whether the features are",
            "learnt": "mean squared error after training, relative to that of 0",
        },
        {"depth": _DEPTH},
        seconds=0.3,
    ),
    "crossing": Experiment(
        "follow a position under the tied linear block theta x",
        f"{_HERE}.exactness:crossing",
        {"gamma": 0.9, "theta": -0.9, "depth": 15},
        {
            "first_below_zero": "number of blocks after which it is first negative; -1: never",
            "path": "positions",
        },
        {"gamma": _GAMMA, "depth": _DEPTH},
        seconds=0.1,
    ),
    "cube": Experiment(
        "fit -x^3 by a tied block, perhaps of bounded Lipschitz constant",
        f"{_HERE}.maps:cube",
        {"gamma": 0.9, "lipschitz": 0.9, **_CUBE, "iterations": 1500, "batch": 200},
        _CUBE_MEASURES,
        _CUBE_LIMITS,
        seconds=_of_cube,
    ),
    "cube-recipe": Experiment(
        "the same as in the authors' example: plain gradient descent",
        f"{_HERE}.maps:cube",
        {
            "gamma": 0.99,
            "lipschitz": 0.0,
            **_CUBE,
            "optimiser": "sgd",
            "iterations": 2001,
            "batch": 200,
        },
        _CUBE_MEASURES,
        _CUBE_LIMITS,
        seconds=_of_cube,
    ),
    "rings": Experiment(
        "separate two nested rings by a momentum network, as in the authors' code",
        f"{_HERE}.maps:rings",
        {
            "gamma": 0.99,
            "depth": 15,
            "hidden": 16,
            "rate": 0.2,
            "decay": False,
            "iterations": 1500,
            "points": 2000,
        },
        {
            "accuracy": "share of new points on the right side",
            "layers": "numbers of layers of which the path is kept",
            "path": "coordinates of 60 points a ring after these layers",
        },
        {"gamma": _GAMMA, "depth": _DEPTH},
        seconds=_of_rings,
    ),
    "rings-residual": Experiment(
        "the same by a residual network, with the authors' settings for it",
        f"{_HERE}.maps:rings",
        {
            "gamma": 0.0,
            "depth": 15,
            "hidden": 16,
            "rate": 0.01,
            "decay": True,
            "iterations": 5000,
            "points": 2000,
        },
        {
            "accuracy": "share of new points on the right side",
            "layers": "numbers of layers of which the path is kept",
            "path": "coordinates of 60 points a ring after these layers",
        },
        {"gamma": _GAMMA, "depth": _DEPTH},
        seconds=_of_rings,
    ),
    "lasso": Experiment(
        "solve a Lasso by a momentum network of ISTA steps; gamma = 0 is ISTA",
        f"{_HERE}.lasso:momentum",
        {"gamma": 0.9, **_LASSO},
        _LASSO_MEASURES,
        {"gamma": _GAMMA, **_LASSO_LIMITS},
        seconds=lambda options: 0.4 + options["steps"] * 6e-5,
    ),
    "lasso-revnet": Experiment(
        "the same by a reversible network of two halves",
        f"{_HERE}.lasso:revnet",
        _LASSO,
        _LASSO_MEASURES,
        _LASSO_LIMITS,
        seconds=lambda options: 0.4 + options["steps"] * 6e-5,
    ),
    "cloning": Experiment(
        "clone the planner until the loss on all training states is small, and score the policy",
        f"{_HERE}.cloning:clone",
        {
            "family": "maze-basic[size=5]",
            "network": "momentum[width=48,hidden=48,depth=6]",
            "n_train_levels": 10,
            "flip_p": 0.0,
            "n_test_levels": 200,
            "learning_rate": 3e-3,
            "excess": 0.02,
            "early_steps": 200,
            "most_steps": 5000,
            "check_every": 50,
        },
        {
            "train": "mean normalised return on training levels: 0 is random, 1 the planner",
            "test": "the same on held-out levels",
            "gap": "their difference",
            "early_train": "training score after early_steps steps",
            "early_test": "held-out score there",
            "steps": "gradient steps",
            "matched": "whether the excess loss has become small",
            "train_excess": "cross-entropy minus the entropy of labels on training states, nats",
            "test_excess": "the same on held-out states",
            "train_accuracy": "share of training states with an optimal most probable action",
            "test_accuracy": "the same of held-out states",
            "lights_dead_inputs": "share of held-out states with an input that is 0 in training",
        },
        {"n_train_levels": (1, 100_000), "flip_p": (0.0, 1.0), "most_steps": (1, 10_000_000)},
        seconds=_of_cloning,
    ),
}
