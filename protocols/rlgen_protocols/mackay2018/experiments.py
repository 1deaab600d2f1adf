"""What the paper's protocols may ask for, with what a cell costs, and the probe that it brings."""

from collections.abc import Mapping
from typing import Any

from rlgen.papers import Experiment
from rlgen.probes.base import Probe

_HERE = "rlgen_protocols.mackay2018"
_ACCOUNT = {
    "bits": "bits forgotten a unit and step, mean over held-out sequences, in floats",
    "exact": "whether integers come back bit for bit and the buffers empty; nan: not reversible",
    "float_error": "largest error of the first state reversed in float32; nan: it overflows",
    "ideal": "bits a unit and step that the integers forget",
    "words": "64-bit words a unit in the buffers at the end",
    "saving_ideal": "32 bits a unit and step over the ideal bits; nan: nothing is forgotten",
    "saving_allocated": "32 bits a unit and step over the words in use; nan as above",
    "saving_saved": "bytes that backpropagation keeps over those of buffers and last state",
    "growth": "ideal and allocated bits a unit after each step",
}
_CURVE = {"curve": "loss and bits a unit and step over training"}
_SIZES = {"length": (1.0, 100_000.0), "units": (2.0, 100_000.0), "batch": (1.0, 100_000.0)}
_TRAINING = {"steps": (1.0, 1e7), "rate": (0.0, 10.0)}
#: The tasks of tokens: how many there are, the lengths that are read as multiples of the training
#: length, and how many of the last targets.
TOKENS, READ, LAST = 8, (1, 4, 16), 5
_FAMILY = "maze-basic[size=7,view=3]"


def _steps(options: Mapping[str, Any]) -> float:
    """CPU seconds of training: small networks cost Python's loop, wide ones their products."""
    loop = {"gru": 1e-4, "feed-forward": 5e-5, "no-forget": 4e-4}
    kind = str(options["model"]).partition(":")[0]
    products = 5e-10 * float(options["batch"]) * float(options["units"]) ** 2
    steps = float(options["steps"]) * float(options["length"])
    return 0.3 + steps * (loop.get(kind, 6e-4) + products)


EXPERIMENTS: dict[str, Experiment] = {
    "reversal": Experiment(
        "run untrained cells forwards and back, in integers and in floats",
        f"{_HERE}.untrained:reverse",
        {"model": "revgru:3", "length": 100, "units": 64, "batch": 4},
        {"limit": "most bits that a unit may forget in a step", **_ACCOUNT},
        _SIZES,
        seconds=lambda options: 0.3 + options["length"] / 400,
    ),
    "gradients": Experiment(
        "compare gradients on the way back with those of kept states",
        f"{_HERE}.untrained:gradients",
        {"model": "revgru:3", "length": 50, "units": 8, "batch": 4},
        {
            "error": "difference over the norm of the gradient of kept states",
            "from_real": "the same of the gradient of the network in real numbers",
        },
        _SIZES,
        seconds=0.5,
    ),
    "tokens": Experiment(
        "train networks to repeat or to remember tokens",
        f"{_HERE}.tasks:run",
        {
            "task": "repeat",
            "model": "revgru:3",
            "length": 10,
            "units": 16,
            "steps": 400,
            "batch": 64,
            "rate": 0.01,
        },
        {
            **{
                f"{what}_{multiple}": f"{meaning}, at {multiple} x the training length"
                for multiple in READ
                for what, meaning in (
                    ("accuracy", "share of targets met"),
                    ("last", "share of the last five targets met"),
                    ("symbols", "number of targets behind it"),
                    ("last_symbols", "number of last targets behind it"),
                )
            },
            **_ACCOUNT,
            **_CURVE,
        },
        _SIZES | _TRAINING,
        seconds=lambda options: _steps(options) + 1,
    ),
    "mazes": Experiment(
        "clone recurrent policies from the planner in mazes that are seen in part",
        f"{_HERE}.mazes:run",
        {
            "family": _FAMILY,
            "model": "revgru:3",
            "n": 10,
            "tests": 200,
            "length": 24,
            "units": 32,
            "steps": 300,
            "batch": 64,
            "rate": 0.005,
        },
        {
            "train": "normalised exact return of the greedy policy on training levels",
            "test": "the same on held-out levels",
            "gap": "train minus test",
            "accuracy_train": "share of steps whose most probable action is optimal",
            "accuracy_test": "the same on held-out levels",
            "dead": "share of held-out steps that light an input no training sequence lights",
            **_ACCOUNT,
            **_CURVE,
        },
        _SIZES | _TRAINING | {"n": (1.0, 1e6), "tests": (1.0, 1e6)},
        seconds=lambda options: _steps(options) + 1 + (options["n"] + options["tests"]) / 200,
    ),
}

PROBES: dict[str, Probe] = {
    "recurrent-bits-forgotten": Probe(
        "how many bits a recurrent policy forgets on its training levels",
        f"{_HERE}.forgotten:run",
        f"{_HERE}.forgotten:identity",
        {
            "bits": "bits a unit and step: mean of -log2 of the forget gates, each at most 10",
            "saving": "times: 32 bits a unit and step over these bits",
        },
        "training data",
        "one episode on each of at most 32 training levels, and one forward pass of each",
        frozenset({"recurrent"}),
    )
}
