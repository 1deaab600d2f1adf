"""How well graph networks fit labels of mazes, and what they then say of other mazes."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from rlgen.agents.cloning import reproducible
from rlgen.levels import lookup
from rlgen.levels.split import draw_split
from rlgen.util.seeding import library_seed, stream
from rlgen_protocols.graphs import classifying
from rlgen_protocols.graphs.choices import one_of
from rlgen_protocols.graphs.graph import Graph, batched, constant
from rlgen_protocols.graphs.mazes import of_levels
from rlgen_protocols.graphs.pairs import dumbbell, theta
from rlgen_protocols.graphs.refinement import weisfeiler_leman
from rlgen_protocols.xu2019.networks import GraphNetwork

NAME = "xu2019"
FEATURES = ("ones", "objects", "degrees")
LABELS = ("random", "parity", "many", "pairs")
#: Neighbours that a cell has at most.
MOST = 4
#: About how often accuracy is measured during training.
POINTS = 30


def run(
    *,
    seed: int,
    family: str,
    mazes: int,
    features: str,
    labels: str,
    aggregation: str,
    update: str,
    readout: str,
    norm: str,
    epsilon: bool,
    width: int,
    rounds: int,
    epochs: int,
    size: int,
    rate: float,
    halved: int,
) -> Mapping[str, Any]:
    """Train one network on labelled graphs, in float64; see the paper's experiments."""
    one_of("features", features, FEATURES)
    one_of("labels", labels, LABELS)
    graphs, classes, held_out, theirs = _task(seed, family, mazes, features, labels)
    with reproducible(library_seed(seed, NAME, "fit")):
        net = GraphNetwork(
            graphs[0].features.shape[1],
            2,
            aggregation=aggregation,
            update=update,
            width=width,
            rounds=rounds,
            readout=readout,
            norm=norm,
            epsilon=epsilon,
        ).double()
        scores, others = (_scores(net, pool) for pool in (graphs, held_out))
        curve: dict[int, float] = {}

        def watch(epoch: int) -> None:
            curve[epoch] = classifying.accuracy(scores, classes)

        rng = stream(seed, NAME, "order")
        classifying.fit(
            net,
            scores,
            classes,
            rng,
            epochs=epochs,
            size=size,
            rate=rate,
            halved=halved,
            points=POINTS,
            watch=watch,
        )
        test = classifying.accuracy(others, theirs)
    colours = {n: weisfeiler_leman(graphs, _labels(graphs), rounds=n) for n in (rounds, None)}
    return {
        "train": curve[epochs],
        "best": max(curve.values()),
        "test": test,
        "gap": curve[epochs] - test,
        "epoch": list(curve),
        "accuracy": list(curve.values()),
        "ceiling": ceiling(colours[rounds].multisets, classes),
        "ceiling_stable": ceiling(colours[None].multisets, classes),
        "stable": colours[None].rounds,
    }


def _scores(net: GraphNetwork, graphs: Sequence[Graph]) -> classifying.Scores:
    every = batched(graphs, torch.float64)

    def scores(numbers: NDArray[np.int64]) -> torch.Tensor:
        if np.array_equal(numbers, np.arange(every.size)):
            batch = every
        else:
            batch = batched([graphs[number] for number in numbers], torch.float64)
        values: torch.Tensor = net(batch)
        return values

    return scores


def ceiling(multisets: Sequence[object], labels: NDArray[np.int64]) -> float:
    """The best accuracy of what treats graphs with equal multisets of colours alike."""
    counts: dict[object, list[int]] = {}
    for multiset, label in zip(multisets, labels, strict=True):
        counts.setdefault(multiset, [0, 0])[label] += 1
    return sum(max(own) for own in counts.values()) / len(labels)


def dead_ends(graph: Graph) -> int:
    """Number of cells with one neighbour."""
    return int((graph.degrees == 1).sum())


def _task(
    seed: int, family: str, mazes: int, features: str, labels: str
) -> tuple[list[Graph], NDArray[np.int64], list[Graph], NDArray[np.int64]]:
    """Graphs with their labels, and held-out ones with theirs."""
    if labels == "pairs":
        pool, classes = wl_equal(mazes)
        return pool, classes, pool, classes
    split = draw_split(lookup.family(family), mazes, 0, mazes, pool_seed=seed)
    pools = [of_levels(split.family, levels) for levels in (split.train, split.test)]
    counts = [np.array([dead_ends(graph) for graph in pool]) for pool in pools]
    if labels == "random":
        rng = stream(seed, NAME, "labels")
        targets = [classifying.halves(len(pool), rng) for pool in pools]
    elif labels == "parity":
        targets = [own % 2 for own in counts]
    else:
        targets = [(own > np.median(counts[0])).astype(np.int64) for own in counts]
    graphs = [_with_features(pool, features) for pool in pools]
    return graphs[0], targets[0], graphs[1], targets[1]


def _with_features(graphs: Sequence[Graph], features: str) -> list[Graph]:
    if features == "ones":
        return constant(graphs)
    if features == "degrees":
        return [graph.with_features(np.eye(MOST + 1)[graph.degrees]) for graph in graphs]
    return [*graphs]


def wl_equal(n: int) -> tuple[list[Graph], NDArray[np.int64]]:
    """``n`` graphs in pairs that 1-WL cannot tell apart, with opposite labels."""
    pool: list[Graph] = []
    length = 4
    while len(pool) < n:
        for corridor in range(1, length):
            pool += [Graph.of_networkx(make(length, corridor)) for make in (dumbbell, theta)]
        length += 1
    return pool[: n - n % 2], np.arange(n - n % 2) % 2


def _labels(graphs: Sequence[Graph]) -> list[NDArray[np.int64]]:
    """Numbers of the nodes' features."""
    rows = np.concatenate([graph.features for graph in graphs])
    numbers = np.unique(rows, axis=0, return_inverse=True)[1].ravel()
    ends = np.cumsum([graph.n for graph in graphs])
    return np.split(numbers, ends[:-1])
