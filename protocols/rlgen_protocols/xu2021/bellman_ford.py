"""Bellman and Ford's algorithm as messages with minima, and a maze network set to it by hand."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csgraph
from torch import nn

from rlgen.util.seeding import stream
from rlgen_protocols.xu2021.aggregation import aggregate
from rlgen_protocols.xu2021.maze_distance import KEY, drawn, to_key
from rlgen_protocols.xu2021.maze_network import Cells, MazeNetwork
from rlgen_protocols.xu2021.random_graphs import several
from rlgen_protocols.xu2021.shortest_path import HEAVY

NAME = "xu2021"
#: Stands for infinity: farther than any cell of our mazes, and exact in float32 with what is added.
FAR = 2.0**13


def relaxed(
    edges: NDArray[np.int64], weights: NDArray[np.float64], n: int, source: int, rounds: int
) -> NDArray[np.float64]:
    """Rounds of ``d_v <- min(d_v, min over u -> v of d_u + w_uv)`` as aggregated messages.

    Args:
        edges: ``(2, E)``, sources above targets, in any order.
        weights: ``(E,)``.
        n: Number of nodes.
        source: Whose distance is 0 at the start.
        rounds: How many.

    Returns:
        Distances after each round, the start first, ``(rounds + 1, n)``; inf where no path of so
        many edges leads.
    """
    targets = np.concatenate([np.arange(n), edges[1]])
    order = np.argsort(targets, kind="stable")
    sources = torch.from_numpy(np.concatenate([np.arange(n), edges[0]])[order])
    added = torch.from_numpy(np.concatenate([np.zeros(n), weights])[order])
    counts = torch.from_numpy(np.bincount(targets))
    distances = torch.full((n,), float("inf"), dtype=torch.float64)
    distances[source] = 0.0
    course = [distances]
    for _ in range(rounds):
        messages = course[-1].index_select(0, sources) + added
        course.append(aggregate(messages[:, None], counts, "min")[:, 0])
    return torch.stack(course).numpy()


def by_hand() -> MazeNetwork:
    """A maze network of width 1 whose rounds are Bellman and Ford's: exact at any size."""
    network = MazeNetwork(6, 1, "min", "linear")
    start = torch.zeros(1, 6)
    start[0, KEY] = -FAR
    numbers = [(start, FAR), (torch.zeros(1, 1), 1.0), (torch.ones(1, 1), 0.0)]
    layers = (network.start, network.message[-1], network.output)
    with torch.no_grad():
        for layer, (weight, bias) in zip(layers, numbers, strict=True):
            nn.init.constant_(torch.as_tensor(layer.bias), bias)
            torch.as_tensor(layer.weight).copy_(weight)
    return network


def run(*, seed: int, nodes: int, graphs: int, size: int, mazes: int) -> Mapping[str, Any]:
    """Compare messages with other algorithms, on random graphs and on mazes.

    Returns:
        See the paper's ``experiments``.
    """
    rng = stream(seed, NAME, "bellman-ford")
    hops, ends = [], []
    for adjacency in several("general", graphs, (nodes, nodes + 1), rng):
        upper = np.triu(rng.uniform(1, HEAVY, adjacency.shape), k=1)
        weights = np.where(adjacency, upper + upper.T, np.inf)
        edges = np.stack(np.nonzero(adjacency))
        course = relaxed(edges, weights[tuple(edges)], nodes, 0, nodes - 1)
        hops.append(_largest(course, walks(weights, nodes - 1)))
        finite = np.where(adjacency, weights, 0.0)
        ends.append(_largest(course[-1], csgraph.dijkstra(finite, indices=[0])[0]))
    _, own = drawn(size, 1, mazes, seed)
    cells = Cells.of(own, [to_key(maze) for maze in own])
    rounds = int(cells.distances.max())
    with torch.no_grad():
        numbers = by_hand()(cells, rounds)
    return {
        "hops": max(hops),
        "end": max(ends),
        "maze": float((numbers - cells.distances).abs().max()),
        "rounds": rounds,
    }


def walks(weights: NDArray[np.float64], rounds: int) -> NDArray[np.float64]:
    """Lengths of the shortest walks of at most k edges from node 0, by products of matrices.

    Args:
        weights: ``(n, n)``; inf where there is no edge.
        rounds: The largest k.

    Returns:
        ``(rounds + 1, n)``.
    """
    step = weights.copy()
    np.fill_diagonal(step, 0.0)
    course = [np.where(np.arange(len(step)) == 0, 0.0, np.inf)]
    for _ in range(rounds):
        course.append((course[-1][:, None] + step).min(axis=0))
    return np.stack(course)


def _largest(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """The largest difference; infinite where only one is."""
    both = np.isinf(one) & np.isinf(other)
    return float(np.abs(np.where(both, 0.0, one) - np.where(both, 0.0, other)).max())
