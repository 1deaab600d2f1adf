"""Many graphs as few arrays, and batches of them as tensors, without a loop over graphs."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class GraphSet:
    """``B`` graphs without loops, their nodes and edges one after another.

    Attributes:
        sizes: int64 ``(B,)``; nodes of each graph.
        links: int64 ``(B,)``; columns of ``edges`` of each graph.
        features: float32 ``(N, d)``, of all nodes.
        edges: int64 ``(2, E)``; each edge in both directions, nodes numbered from 0 in each graph,
            sorted by the first row within it.
        labels: int64 ``(B,)``; what is counted.
        truth: float32 ``(N,)``; true attention, which sums to 1 over a graph, or is 0 all over one
            in which there is nothing to count.
        cells: int64 ``(N, 2)``; row and column of each node of a maze, else -1.
    """

    sizes: NDArray[np.int64]
    links: NDArray[np.int64]
    features: NDArray[np.float32]
    edges: NDArray[np.int64]
    labels: NDArray[np.int64]
    truth: NDArray[np.float32]
    cells: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.sizes)

    @property
    def graph(self) -> NDArray[np.int64]:
        """The graph of each node, int64 ``(N,)``."""
        return np.repeat(np.arange(len(self)), self.sizes)

    def take(self, index: NDArray[np.int64]) -> Self:
        """The graphs at these positions, in this order."""
        sizes, links = self.sizes[index], self.links[index]
        nodes = ranges((self.sizes.cumsum() - self.sizes)[index], sizes)
        columns = ranges((self.links.cumsum() - self.links)[index], links)
        return type(self)(
            sizes,
            links,
            self.features[nodes],
            self.edges[:, columns],
            self.labels[index],
            self.truth[nodes],
            self.cells[nodes],
        )

    def joined(self, others: Sequence[Self]) -> Self:
        """These graphs and those of other sets, which have as many features."""
        columns = {
            f.name: [getattr(part, f.name) for part in (self, *others)] for f in fields(self)
        }
        return type(self)(
            **{
                name: np.concatenate(own, axis=int(name == "edges"))
                for name, own in columns.items()
            }
        )

    def with_truth(self, truth: NDArray[np.float32]) -> Self:
        """The same graphs with other attention, ``(N,)``."""
        return replace(self, truth=truth)

    def padded(self, channels: int) -> Self:
        """The same graphs with channels of zeros added, so that there are so many."""
        missing = channels - self.features.shape[1]
        return replace(self, features=np.pad(self.features, ((0, 0), (0, missing))))

    def without_each_node(self) -> Self:
        """Each graph as many times as it has nodes, a copy without each of them, in their order.

        A removed node takes its edges with it. Labels are those of the whole graphs.
        """
        copies = self.take(self.graph)
        sizes, links = copies.sizes, copies.links
        first = sizes.cumsum() - sizes
        removed = ranges(np.zeros_like(self.sizes), self.sizes)
        nodes = np.ones(len(copies.features), np.bool_)
        nodes[first + removed] = False
        owner = np.repeat(np.arange(len(copies)), links)
        gone = removed[owner]
        edges = (copies.edges != gone).all(axis=0)
        renumbered = copies.edges - (copies.edges > gone)
        return type(self)(
            sizes - 1,
            np.bincount(owner[edges], minlength=len(copies)),
            copies.features[nodes],
            renumbered[:, edges],
            copies.labels,
            copies.truth[nodes],
            copies.cells[nodes],
        )

    def batch(self) -> "Batch":
        """All graphs as one batch."""
        offsets = np.repeat(self.sizes.cumsum() - self.sizes, self.links)
        return Batch(
            torch.from_numpy(self.features),
            torch.from_numpy(self.edges + offsets),
            torch.from_numpy(self.graph),
            len(self),
            torch.from_numpy(self.labels).float(),
            torch.from_numpy(self.truth),
        )

    def batches(self, graphs: int) -> "list[Batch]":
        """Batches of so many graphs, in order, the last one smaller."""
        starts = range(0, len(self), graphs)
        ends = (min(start + graphs, len(self)) for start in starts)
        return [self.take(np.arange(a, b)).batch() for a, b in zip(starts, ends, strict=True)]


@dataclass(frozen=True, eq=False)
class Batch:
    """Several graphs as one, ``N`` nodes in all.

    Attributes:
        x: Features, float32 ``(N, d)``.
        edges: int64 ``(2, E)``, sorted by the first row.
        graph: int64 ``(N,)``; the graph of each node, in ascending order.
        size: Number of graphs; some may have no nodes.
        labels: float32 ``(size,)``.
        truth: float32 ``(N,)``; see ``GraphSet``.
    """

    x: torch.Tensor
    edges: torch.Tensor
    graph: torch.Tensor
    size: int
    labels: torch.Tensor
    truth: torch.Tensor

    def total(self, values: torch.Tensor) -> torch.Tensor:
        """Sum over the nodes of each graph, from ``(N, ...)`` to ``(size, ...)``."""
        return values.new_zeros(self.size, *values.shape[1:]).index_add(0, self.graph, values)


def ranges(starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """The whole numbers from each start on, so many of each, one after another.

    Example:
        >>> ranges(np.array([5, 0]), np.array([2, 3])).tolist()
        [5, 6, 0, 1, 2]
    """
    before = lengths.cumsum() - lengths
    return np.arange(lengths.sum()) + np.repeat(starts - before, lengths)
