"""Graphs with weights of edges and a label, and batches of them with edges sorted by target."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from rlgen_protocols.graphs.graph import Graph


@dataclass(frozen=True, eq=False)
class WeightedGraph(Graph):
    """A graph with weights of its edges, of which a number is to be computed.

    Attributes:
        weights: float32 ``(E,)``, the same in both directions.
        label: The number.
    """

    weights: NDArray[np.float32]
    label: float


@dataclass(frozen=True, eq=False)
class WeightedBatch:
    """Several graphs as one, for sums, minima and maxima of the messages that come to a node.

    Attributes:
        features: float32 ``(n, d)``.
        source: int64 ``(E,)``; edges are sorted by target.
        target: int64 ``(E,)``.
        in_degrees: int64 ``(n,)``; how many edges come to each node.
        weights: float32 ``(E, 1)``.
        sizes: int64 ``(B,)``; nodes of each graph.
        labels: float32 ``(B,)``.
    """

    features: torch.Tensor
    source: torch.Tensor
    target: torch.Tensor
    in_degrees: torch.Tensor
    weights: torch.Tensor
    sizes: torch.Tensor
    labels: torch.Tensor


def batched(graphs: Sequence[WeightedGraph]) -> WeightedBatch:
    """Join graphs.

    Args:
        graphs: At least one, with equally many features, the edges of each sorted by target.
    """
    sizes = np.array([graph.n for graph in graphs])
    starts = np.cumsum(sizes) - sizes
    edges = np.concatenate([g.edges + s for g, s in zip(graphs, starts, strict=True)], axis=1)
    weights = np.concatenate([graph.weights for graph in graphs])
    return WeightedBatch(
        torch.from_numpy(np.concatenate([graph.features for graph in graphs])),
        torch.from_numpy(edges[0]),
        torch.from_numpy(edges[1]),
        torch.from_numpy(np.bincount(edges[1], minlength=int(sizes.sum()))),
        torch.from_numpy(weights)[:, None],
        torch.from_numpy(sizes),
        torch.tensor([graph.label for graph in graphs], dtype=torch.float32),
    )
