"""How well a function of graphs is learnt from 16, 32, 64, ... of them: kernels and a network."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlgen.errors import ProtocolError, nearest
from rlgen.util.seeding import library_seed, stream
from rlgen_protocols.du2019 import gntk, ridge, subtree, tasks
from rlgen_protocols.du2019.tasks import NAME, Task

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
#: The fewest training graphs, and the most rounds of the subtree kernel, which are chosen.
FEWEST, ROUNDS = 16, 3
METHODS = (*(f"gntk-{scaling}" for scaling in gntk.SCALINGS), "wl", "gin")
#: From training and test graphs, and a random stream, to what is predicted and what was chosen.
Method = Callable[[Ints, Ints, int], tuple[Floats, Mapping[str, float]]]


def run(
    *,
    seed: int,
    task: str,
    method: str,
    family: str,
    most: int,
    tests: int,
    blocks: int,
    layers: int,
    jumping: bool,
    steps: int,
    permuted: bool,
) -> Mapping[str, Any]:
    """Learn a task from nested sets of graphs, with one method.

    Returns:
        See the paper's ``experiments``.

    Raises:
        ProtocolError: For a task or a method that there is not.
    """
    if method not in METHODS:
        raise ProtocolError(f"method = {method!r}{nearest(method, METHODS)}")
    whole = tasks.named(task, seed, family, most, tests)
    targets = whole.targets
    if permuted:
        targets = targets[stream(seed, NAME, "permuted").permutation(len(targets))]
    architecture = (
        gntk.Architecture(blocks, layers, method.removeprefix("gntk-"), jumping)
        if "gntk" in method
        else None
    )
    predict = (
        _trained(whole, targets, seed, steps)
        if method == "gin"
        else _fitted(whole, targets, seed, architecture)
    )
    test = np.arange(most, most + tests)
    measured: dict[str, list[Any]] = {"sizes": [], "nmse": [], "mean_nmse": [], "chosen": []}
    for size in sizes(most):
        train = np.arange(size)
        predicted, chosen = predict(train, test, size)
        measured["sizes"].append(size)
        measured["nmse"].append(error(predicted, targets[test]))
        measured["mean_nmse"].append(error(targets[train].mean(), targets[test]))
        measured["chosen"].append(chosen)
    return {**measured, "last": measured["nmse"][-1], "last_mean": measured["mean_nmse"][-1]}


def sizes(most: int) -> list[int]:
    """Numbers of training graphs: powers of two, the last at most ``most``.

    Example:
        >>> sizes(64)
        [16, 32, 64]
    """
    return [FEWEST << k for k in range(most.bit_length()) if FEWEST << k <= most]


def error(predicted: Floats | np.floating, targets: Floats) -> float:
    """Mean squared error as a share of the variance of the targets."""
    return float(((predicted - targets) ** 2).mean() / targets.var())


def _fitted(
    task: Task, targets: Floats, seed: int, architecture: gntk.Architecture | None
) -> Method:
    grams: Sequence[Floats]
    if architecture is None:
        grams = subtree.grams(task.graphs, task.labels, ROUNDS)
    else:
        grams = [gntk.gram(task.graphs, architecture)]

    def predict(train: Ints, tests: Ints, size: int) -> tuple[Floats, Mapping[str, float]]:
        fit = ridge.fit(grams, targets, train, tests, stream(seed, NAME, "folds", size))
        return fit.predictions, {"rounds": fit.kernel, "penalty": fit.penalty}

    return predict


def _trained(task: Task, targets: Floats, seed: int, steps: int) -> Method:
    from rlgen_protocols.du2019 import isomorphism

    def predict(train: Ints, tests: Ints, size: int) -> tuple[Floats, Mapping[str, float]]:
        start = library_seed(seed, NAME, "gin", size)
        return isomorphism.predictions(task.graphs, targets, train, tests, start, steps), {}

    return predict
