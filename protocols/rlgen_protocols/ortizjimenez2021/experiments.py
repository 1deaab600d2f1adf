"""The paper's experiments and probes, with what they measure. Imports nothing heavy."""

from collections.abc import Mapping
from typing import Any

from rlgen.papers import Experiment
from rlgen.probes.base import Probe

_HERE = "rlgen_protocols.ortizjimenez2021"
_MODELS = {
    "net": "the network after training",
    "linear": "the network linearized at its initial weights, after training",
    "early": "the network when its training loss reaches that of the linear model at its end",
    "after": "the linear model of the kernel that the network ends with, trained from 0",
}
_JUDGED = {
    "train": "normalised exact return on training levels",
    "test": "normalised exact return on held-out levels",
    "train_accuracy": "share of sampled training states whose most probable action is optimal",
    "test_accuracy": "the same of held-out states",
    "loss": "cross-entropy to the planner on training states less its least value, nats",
}
_TURNED = {
    "train": "of training labels, each over that of the labels permuted",
    "test": "of held-out labels, likewise",
    "permuted": "of permuted held-out labels, likewise: 0 up to chance",
    "raw_train": "of training labels, not centred over states, over the kernel's mean eigenvalue",
    "raw_test": "of held-out labels, likewise",
    "raw_permuted": "of permuted held-out labels, likewise",
}
_BINARY = {
    f"{model}_{what}": f"{words}, {whose}"
    for model, whose in (("net", "the network"), ("linear", "its linear model"))
    for what, words in (
        ("loss", "training cross-entropy after the last step, nats"),
        ("accuracy", "share of test points classified rightly"),
    )
}


def _cloning_seconds(options: Mapping[str, Any]) -> float:
    wide = 4.0 if "ntk-mlp" in options["network"] else 1.0
    return wide * float(1.5 + 5e-3 * options["steps"])


EXPERIMENTS = {
    "eigen-tasks": Experiment(
        "learn the signs of an eigenvector of the network's own kernel",
        f"{_HERE}.eigen_tasks:run",
        {
            "family": "maze-basic[size=5]",
            "network": "mlp-64-64",
            "index": 2,
            "points": 512,
            "steps": 300,
            "rate": 0.05,
        },
        {
            **_BINARY,
            "aligned": "alignment of the training labels at the start over that of permuted ones",
            "ranks": "of eigenvectors of the kernel at the start",
            "spectrum_before": "their alignments with the kernel at the start, over permuted ones",
            "spectrum_after": "the same with the kernel after training",
            "own_before": "alignment of the task's own eigenvector at the start",
            "own_after": "the same after training",
            "positive": "share of training labels that are 1",
        },
        limits={"index": (1, 10_000), "points": (8, 10_000), "steps": (1, 10**6)},
        seconds=lambda options: 0.5 + options["steps"] / 400,
    ),
    "cloning": Experiment(
        "clone the planner, beside the linear models of the kernels before and after training",
        f"{_HERE}.cloning_grid:run",
        {
            "family": "maze-basic[size=5]",
            "network": "mlp-64-64",
            "n_train_levels": 10,
            "flip_p": 0.0,
            "steps": 800,
            "rate": 3e-3,
            "test_levels": 50,
            "states": 480,
            "gram_states": 96,
        },
        {
            **{
                f"{model}_{what}": f"{words}, {whose}"
                for model, whose in _MODELS.items()
                for what, words in _JUDGED.items()
            },
            "early_reached": "whether the network's training loss reached the linear model's",
            "checkpoints": "steps at which alignments were measured",
            "aligned_train": "alignment of training labels there over that of permuted ones",
            "aligned_test": "the same of held-out states and labels",
            **{
                f"turned_{name}": f"log of the alignment at the end over that at the start, {words}"
                for name, words in _TURNED.items()
            },
            "velocity": "1 - cosine of the kernels on training states before and after",
            "velocity_centred": "the same of centred kernels, 1 - CKA",
            "beyond_linear": "root mean square of what the Taylor expansion at the initial weights "
            "lacks at the final ones on held-out states, as a share of the outputs'",
            "confidence": "mean probability of the most probable action on held-out states",
            "dead": "share of held-out states with an input that is 0 in all training states",
        },
        limits={
            "n_train_levels": (1, 10_000),
            "flip_p": (0, 1),
            "steps": (3, 10**6),
            "test_levels": (1, 10_000),
            "states": (2, 10_000),
            "gram_states": (2, 2_000),
        },
        seconds=_cloning_seconds,
    ),
    "nads": Experiment(
        "tell two classes apart that differ in one neural anisotropy direction of the network",
        f"{_HERE}.nads:run",
        {
            "network": "mlp-64-64",
            "index": 1,
            "side": 9,
            "samples": 10_000,
            "steps": 300,
            "rate": 0.05,
        },
        {**_BINARY, "singular_value": "of the direction, as a share of the largest"},
        limits={
            "index": (1, 10_000),
            "side": (3, 64),
            "samples": (8, 10**6),
            "steps": (1, 10**6),
        },
        seconds=lambda options: 0.5 + options["steps"] / 300,
    ),
    "kernel-regression": Experiment(
        "fit eigenvectors with squared loss, whose course is known in closed form",
        f"{_HERE}.kernel_regression:run",
        {
            "family": "maze-basic[size=5]",
            "network": "mlp-64-64",
            "points": 128,
            "tasks": 6,
            "steps": 200,
        },
        {
            "ranks": "of the eigenvectors",
            "left": "shares of the loss that are left of each",
            "expected": "the same in closed form",
            "largest_error": "largest difference of the two",
            "ordered": "whether less is left of eigenvectors with larger eigenvalues",
        },
        limits={"points": (4, 2_000), "tasks": (3, 10), "steps": (1, 10_000)},
        seconds=lambda options: 0.5 + options["steps"] * options["tasks"] / 400,
    ),
}

PROBES = {
    "ntk-rotation": Probe(
        "how much more the kernel turned towards training labels than towards held-out ones",
        f"{_HERE}.probes:rotation",
        f"{_HERE}.probes:rotation_identity",
        {
            "rotation": "turned_train less turned_test",
            "turned_train": "log of the alignment with training labels, over that of permuted "
            "labels, less the same of weights drawn anew",
            "turned_test": "the same of held-out states and labels",
        },
        "held-out labels",
        "200 backward passes of at most 480 states",
        frozenset({"torch", "tabular"}),
    ),
    "kernel-velocity": Probe(
        "how far the kernel on training states is from that of weights drawn anew",
        f"{_HERE}.probes:velocity",
        f"{_HERE}.probes:velocity_identity",
        {
            "velocity": "1 - cosine of the two kernels, from 0 to 1",
            "velocity_centred": "the same of centred kernels, 1 - CKA",
            "untrained": "the velocity between two that are drawn anew: what chance gives",
        },
        "training data",
        "four Gram matrices on 64 states",
        frozenset({"torch"}),
    ),
}
