"""Each architecture learns which of two mazes that 1-WL cannot tell apart is the dumbbell."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from rlgen.agents.cloning import reproducible
from rlgen.util.seeding import library_seed, stream
from rlgen_protocols.graphs import classifying
from rlgen_protocols.graphs.choices import one_of
from rlgen_protocols.graphs.classifying import Scores
from rlgen_protocols.graphs.mazes import MazeGraph
from rlgen_protocols.sato2020.drawing import BEYOND, IN_RANGE, Kind, draw, kinds
from rlgen_protocols.sato2020.networks import MESSAGE_PASSING, NodeNetwork, build

NAME = "sato2020"
TASKS = ("bridge", "copies")
#: Share of the kinds of pairs in the range of training that are trained on.
TRAINED = 2 / 3
#: How often features are drawn for one prediction of "rgin"; the last is what counts.
DRAWS = (1, 2, 4, 8, 16)
#: How often the learning rate is halved.
HALVINGS = 4
#: Times at which accuracies are measured during training.
POINTS = 10


@dataclass(frozen=True)
class Pool:
    """Graphs with their labels: 1 for a dumbbell, whose rings hang together by one corridor."""

    graphs: list[MazeGraph]
    labels: NDArray[np.int64]


def run(
    *,
    seed: int,
    task: str,
    model: str,
    graphs: int,
    tests: int,
    width: int,
    rounds: int,
    readout: str,
    epochs: int,
    size: int,
    rate: float,
) -> Mapping[str, Any]:
    """Train one network and judge it in and out of range; see the paper's experiments."""
    one_of("task", task, TASKS)
    pools = (_pairs if task == "bridge" else _copies)(seed, graphs, tests)
    rng = stream(seed, NAME, "random features", model)
    with reproducible(library_seed(seed, NAME, "ladder", model)):
        net = build(model, width=width, rounds=rounds, readout=readout).eval()
        if model in MESSAGE_PASSING:
            # Labels are opposite where scores are equal, so that they end near each other, where
            # the rounding of float32 would decide.
            net.double()
        scores = {name: _scores(net, pool, rng) for name, pool in pools.items()}
        labels = {name: pool.labels for name, pool in pools.items()}
        curve: dict[str, list[float]] = {"epoch": []}

        def watch(epoch: int) -> None:
            curve["epoch"].append(epoch)
            for name in pools:
                right = classifying.accuracy(scores[name], labels[name], size)
                curve.setdefault(name, []).append(right)

        order = stream(seed, NAME, "order")
        classifying.fit(
            net,
            scores["train"],
            labels["train"],
            order,
            epochs=epochs,
            size=size,
            rate=rate,
            halved=max(1, epochs // HALVINGS),
            points=POINTS,
            watch=watch,
        )
        draws = DRAWS if model == "rgin" else (1,)
        judged = {name: _by_draws(scores[name], labels[name], draws, size) for name in pools}
        outputs = classifying.evaluated(scores["test"], tests - tests % 2, size)
    train, test, far = (judged[name][-1] for name in ("train", "test", "far"))
    return {
        "train": train,
        "test": test,
        "far": far,
        "gap": train - test,
        "draws": list(draws),
        "test_by_draws": judged["test"],
        "pair_difference": float(
            np.abs(outputs[::2] - outputs[1::2]).max() / max(np.abs(outputs).max(), 1e-300)
        ),
        "curve": curve,
        "parameters": sum(weights.numel() for weights in net.parameters()),
    }


def _pairs(seed: int, graphs: int, tests: int) -> dict[str, Pool]:
    """Pairs of mazes: training ones, held-out kinds in the same range, and longer ones."""
    near = kinds(IN_RANGE)
    order = stream(seed, NAME, "kinds").permutation(len(near))
    cut = round(TRAINED * len(near))
    parts = {
        "train": ([near[i] for i in order[:cut]], graphs),
        "test": ([near[i] for i in order[cut:]], tests),
        "far": (kinds(BEYOND), tests),
    }
    return {name: _pool(stream(seed, NAME, name), *part) for name, part in parts.items()}


def _pool(rng: np.random.Generator, own: list[Kind], n: int) -> Pool:
    """``n`` mazes in pairs, each drawn at a place of its own."""
    graphs = [
        draw(own[number], shape, rng)
        for number in rng.integers(len(own), size=n // 2)
        for shape in ("theta", "dumbbell")
    ]
    return Pool(graphs, np.arange(len(graphs)) % 2)


def _copies(seed: int, graphs: int, tests: int) -> dict[str, Pool]:
    """Copies of one maze at random places with random labels: nothing can be learnt of others."""
    kind = Kind(IN_RANGE[0], 2)
    pools = {}
    for name, n in (("train", graphs), ("test", tests), ("far", tests)):
        rng = stream(seed, NAME, "copies", name)
        own = [draw(kind, "dumbbell", rng) for _ in range(n - n % 2)]
        pools[name] = Pool(own, classifying.halves(len(own), rng))
    return pools


def _scores(net: nn.Module, pool: Pool, rng: np.random.Generator) -> Scores:
    if not isinstance(net, NodeNetwork) or net.draws:

        def anew(numbers: NDArray[np.int64]) -> torch.Tensor:
            scores: torch.Tensor = net([pool.graphs[number] for number in numbers], rng)
            return scores

        return anew
    inputs = net.inputs(pool.graphs, None)
    return lambda numbers: net.of([inputs[number] for number in numbers])


def _by_draws(
    scores: Scores, labels: NDArray[np.int64], draws: tuple[int, ...], size: int
) -> list[float]:
    """Accuracy of the mean of the scores of so many draws."""
    every = [classifying.evaluated(scores, len(labels), size) for _ in range(draws[-1])]
    means = [np.mean(every[:n], axis=0) for n in draws]
    return [
        float((np.round(mean, classifying.DECIMALS).argmax(axis=1) == labels).mean())
        for mean in means
    ]
