"""One cell: a network that is trained to count, by where its attention comes from."""

import math
from typing import Any

import numpy as np
import torch

from rlgen.agents.cloning import reproducible
from rlgen.errors import ProtocolError, nearest
from rlgen.util.seeding import library_seed, stream
from rlgen_protocols.knyazev2019 import tasks
from rlgen_protocols.knyazev2019.attention import auc
from rlgen_protocols.knyazev2019.modes import (
    FIXED,
    GLOBAL,
    MODES,
    SHUFFLED,
    SUPERVISED,
    UNSUPERVISED,
    WEAK,
)
from rlgen_protocols.knyazev2019.networks import Counter
from rlgen_protocols.knyazev2019.sets import GraphSet
from rlgen_protocols.knyazev2019.training import fit, measured, occlusion, outputs

NAME = "knyazev2019"
#: The channel of what is counted, in the tasks whose attention is a linear map of the features.
COUNTED = 1
#: Mazes of which attention is kept for drawings, and points of the curves of training.
EXAMPLES, POINTS = 2, 25


def run(
    *,
    seed: int,
    task: str,
    mode: str,
    graphs: int,
    tests: int,
    largest: int,
    epochs: int,
    width: int,
) -> dict[str, Any]:
    """Train a network to count on small graphs, and test it on these and on larger ones.

    Args:
        seed: Of the graphs and the weights; the modes of a seed have the same graphs.
        task: A name of ``TASKS``.
        mode: One of ``MODES``.
        graphs: Number of training graphs.
        tests: Number of graphs of each test set.
        largest: Most nodes of a random graph of a test set.
        epochs: Of training with attention.
        width: Features of a node.

    Returns:
        What ``EXPERIMENTS`` says.

    Raises:
        ProtocolError: For an unknown task or mode, or one that the task does not have.
    """
    if mode not in MODES:
        raise ProtocolError(f"mode = {mode!r}: unknown mode {mode!r}{nearest(mode, MODES)}")
    own = tasks.named(task)
    if mode == FIXED and not own.architecture.raw:
        raise ProtocolError(
            f"mode = {mode!r}: the attention of {task!r} is of features that networks make "
            "themselves; only that of raw features can be taken from another network"
        )
    rng = stream(seed, NAME, task, "graphs")
    drawn = own.small(rng, graphs + tests)
    train, orig = drawn.take(np.arange(graphs)), drawn.take(np.arange(graphs, graphs + tests))
    others = {name: draw(rng, tests, largest) for name, draw in own.others.items()}
    labels, quality = train, math.nan
    with reproducible(library_seed(seed, NAME, task, "weights")):
        if mode in (WEAK, GLOBAL):
            counter, curve = _trained(seed, own, GLOBAL, train, epochs, width)
            labels = train.with_truth(occlusion(counter, train))
            quality = auc(labels.truth, train.truth)
        if mode == SHUFFLED:
            labels = _shuffled(train, stream(seed, NAME, task, "shuffled"))
        learnt = None
        if mode == FIXED:
            learnt = _trained(seed, own, SUPERVISED, train, epochs, width)[0].direction
        if mode != GLOBAL:
            counter, curve = _trained(seed, own, mode, labels, epochs, width, fixed=learnt)
        result = _tested(counter, train, {tasks.ORIG: orig, **others})
        if mode == GLOBAL:
            result["auc_train"] = quality
        examples = _examples(counter, others[tasks.LARGE])
    return result | {"auc_labels": quality, "curve": curve, "examples": examples}


def from_direction(
    *, seed: int, cosine: float, graphs: int, tests: int, largest: int, epochs: int, width: int
) -> dict[str, Any]:
    """COLORS without supervision, from an initial direction of attention.

    Args:
        seed: As of ``run``.
        cosine: Between the initial direction and the optimal one, over channels of training.
        graphs: As of ``run``; so are the others.
        tests: Likewise.
        largest: Likewise.
        epochs: Likewise.
        width: Likewise.

    Returns:
        What ``EXPERIMENTS`` says.
    """
    own, task = tasks.named("colors"), "colors"
    rng = stream(seed, NAME, task, "graphs")
    drawn = own.small(rng, graphs + tests)
    train, orig = drawn.take(np.arange(graphs)), drawn.take(np.arange(graphs, graphs + tests))
    others = {name: draw(rng, tests, largest) for name, draw in own.others.items()}
    with reproducible(library_seed(seed, NAME, task, "weights")):
        counter, curve = _trained(seed, own, UNSUPERVISED, train, epochs, width, cosine)
        result = _tested(counter, train, {tasks.ORIG: orig, **others})
    del result["cosine_start"]  # it is the option
    return result | {"curve": curve}


def _trained(
    seed: int,
    task: tasks.Task,
    mode: str,
    graphs: GraphSet,
    epochs: int,
    width: int,
    cosine: float | None = None,
    fixed: torch.Tensor | None = None,
) -> tuple[Counter, list[float]]:
    """A trained network, and some points of the curve of its squared error."""
    counter = Counter(graphs.features.shape[1], width, task.architecture, mode)
    if fixed is not None:
        counter.direction = torch.nn.Parameter(fixed.detach().clone(), requires_grad=False)
    if counter.direction is not None:
        occurring = torch.from_numpy(graphs.features.any(axis=0))
        counter.aim(COUNTED, occurring, cosine)
    times = max(1, round(epochs * task.share)) if mode == GLOBAL else epochs
    order = stream(seed, NAME, "order")
    curve = fit(counter, graphs, times, order, task.decays[mode == GLOBAL])
    return counter, curve[:: max(1, len(curve) // POINTS)]


def _tested(counter: Counter, train: GraphSet, tests: dict[str, GraphSet]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name in ("train", tasks.ORIG, tasks.LARGE, tasks.LARGEC):
        graphs = train if name == "train" else tests.get(name)
        accuracy, quality = measured(counter, graphs) if graphs else (math.nan, math.nan)
        result |= {f"accuracy_{name}": accuracy, f"auc_{name}": quality}
    start, end = counter.cosines
    return result | {"cosine_start": start, "cosine_end": end}


def _shuffled(graphs: GraphSet, rng: np.random.Generator) -> GraphSet:
    """The attention of each graph's nodes permuted among them."""
    order = np.lexsort((rng.random(len(graphs.truth)), graphs.graph))
    return graphs.with_truth(graphs.truth[order])


def _examples(counter: Counter, graphs: GraphSet) -> list[dict[str, Any]]:
    """The first mazes of a set with their attention; none of graphs that are no mazes."""
    examples = []
    for place in range(EXAMPLES):
        one = graphs.take(np.array([place]))
        output = next(outputs(counter, one))
        if output.attentions and (one.cells >= 0).all():
            examples.append(
                {
                    "cells": one.cells.tolist(),
                    "truth": one.truth.tolist(),
                    "attention": output.attentions[0].tolist(),
                }
            )
    return examples
