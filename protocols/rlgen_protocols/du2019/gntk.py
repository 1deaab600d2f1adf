"""The graph neural tangent kernel: the kernel of an infinitely wide graph network.

Du et al. 2019, https://arxiv.org/abs/1905.13192, section 3, as the authors' code has it
(https://github.com/KangchengHou/gntk, ``gntk.py``): its value is twice the tangent kernel of the
network (``wide.py``). Where the authors multiply a vector by the Kronecker product of two adjacency
matrices, two products with the matrices themselves do the same. Many pairs of graphs are computed
together, their nodes as rows and columns of one matrix.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from rlgen.errors import ProtocolError, nearest
from rlgen_protocols.graphs.graph import Graph

Floats = NDArray[np.float64]
#: How the sum over a node and its neighbours is scaled: by 1, by 1 / their number, or to length 1
#: of the summed features, as in the paper's theorem on sample complexity.
SCALINGS = ("uniform", "degree", "norm")
#: Of the matrices that are held at once, about: those that fit into caches are four times as fast.
ENTRIES = 200_000


@dataclass(frozen=True)
class Architecture:
    """The graph network whose kernel it is.

    Attributes:
        blocks: Aggregations over neighbours, each followed by a perceptron; the authors'
            ``num_layers`` is one more.
        layers: Of each perceptron.
        scaling: One of ``SCALINGS``.
        jumping: Whether all blocks and the input are read, not the last block alone.

    Raises:
        ProtocolError: For another scaling.
    """

    blocks: int = 1
    layers: int = 1
    scaling: str = "uniform"
    jumping: bool = True

    def __post_init__(self) -> None:
        if self.scaling not in SCALINGS:
            raise ProtocolError(f"scaling = {self.scaling!r}{nearest(self.scaling, SCALINGS)}")


def relu_maps(sigma: Floats, rows: Floats, columns: Floats) -> tuple[Floats, Floats]:
    """Covariance of ReLU features, times 2, and of their derivatives, times 2 (Cho and Saul 2009).

    Args:
        sigma: Covariances of Gaussian inputs, ``(n, m)``.
        rows: Square roots of the variances of the first inputs, ``(n,)``; 0 where an input is 0,
            whose covariance with any other is 0, and then its derivative does not matter.
        columns: The same of the second inputs, ``(m,)``.

    Returns:
        Both ``(n, m)``.

    Example:
        >>> one = np.ones(1)
        >>> covariance, derivative = relu_maps(np.array([[0.5]]), one, one)
        >>> round(covariance.item(), 4), round(derivative.item(), 4)
        (0.609, 0.6667)
    """
    scale = rows[:, None] * columns
    cosine = np.divide(sigma, scale, out=np.zeros_like(sigma), where=scale > 0)
    np.clip(cosine, -1, 1, out=cosine)
    derivative = np.arccos(cosine)
    derivative *= -1 / np.pi
    derivative += 1
    covariance = np.sqrt(1 - cosine * cosine)
    covariance /= np.pi
    covariance += cosine * derivative
    covariance *= scale
    return covariance, derivative


class Nodes:
    """The nodes of some graphs, one after the other.

    Args:
        graphs: At least one, with equally many features.
        architecture: Whose kernel is wanted.

    Raises:
        ProtocolError: If nothing but the number of nodes would be left of the graphs.
    """

    def __init__(self, graphs: Sequence[Graph], architecture: Architecture) -> None:
        sizes = np.array([graph.n for graph in graphs])
        self.starts = np.concatenate([[0], np.cumsum(sizes)])
        self.features = np.concatenate([graph.features for graph in graphs]).astype(np.float64)
        self.architecture = architecture
        if architecture.scaling == "degree" and not np.ptp(self.features, axis=0).any():
            raise ProtocolError(
                "scaling = 'degree' with constant features leaves the number of nodes alone: take "
                "scaling = 'uniform', or features that differ"
            )
        edges = [graph.edges + s for graph, s in zip(graphs, self.starts, strict=False)]
        own = np.arange(self.starts[-1])
        ends = np.concatenate([*edges, np.stack([own, own])], axis=1)
        ones = np.ones(ends.shape[1])
        adjacency = sparse.csr_array((ones, (ends[1], ends[0])), shape=(len(own), len(own)))
        self.aggregate = sparse.csr_array(sparse.diags_array(self._scale(adjacency)) @ adjacency)

    def _scale(self, adjacency: sparse.csr_array) -> Floats:
        if self.architecture.scaling == "uniform":
            return np.ones(len(self.features))
        if self.architecture.scaling == "degree":
            return 1 / np.asarray(adjacency.sum(axis=1))
        lengths = np.linalg.norm(adjacency @ self.features, axis=1)
        scale: Floats = np.divide(1, lengths, out=np.zeros_like(lengths), where=lengths > 0)
        return scale

    @cached_property
    def deviations(self) -> list[Floats]:
        """Square roots of the variances before each layer, ``(nodes,)``: of each graph alone."""
        whole = [np.empty(len(self.features)) for _ in range(self._stages)]
        for first, last in zip(self.starts[:-1], self.starts[1:], strict=True):
            rows = slice(first, last)
            own = self.aggregate[rows, rows].toarray()
            sigma = own @ (self.features[rows] @ self.features[rows].T) @ own.T
            for stage in range(self._stages):
                if stage and stage % self.architecture.layers == 0:
                    sigma = own @ sigma @ own.T
                deviation = np.sqrt(np.diagonal(sigma))
                whole[stage][rows] = deviation
                sigma, _ = relu_maps(sigma, deviation, deviation)
        return whole

    @property
    def _stages(self) -> int:
        return self.architecture.blocks * self.architecture.layers

    def terms(self, rows: slice, columns: slice) -> Floats:
        """The kernel between nodes, which sums over them and doubling make that of graphs.

        Args:
            rows: Nodes of whole graphs.
            columns: The same.

        Returns:
            ``(rows, columns)``.
        """
        left, right = self.aggregate[rows, rows], self.aggregate[columns, columns]

        def aggregated(values: Floats) -> Floats:
            return np.asarray((right @ (left @ values).T).T)

        sigma = self.features[rows] @ self.features[columns].T
        read = sigma
        sigma = aggregated(sigma)
        tangent, stages = sigma, iter(self.deviations)
        for block in range(self.architecture.blocks):
            if block:
                sigma, tangent = aggregated(sigma), aggregated(tangent)
            for _ in range(self.architecture.layers):
                deviation = next(stages)
                sigma, derivative = relu_maps(sigma, deviation[rows], deviation[columns])
                tangent = tangent * derivative + sigma
            read = read + tangent
        if self.architecture.jumping:
            return read
        return tangent

    def pooled(self, weights: Floats) -> Floats:
        """The sum of the terms of each two graphs, every node weighted, ``(graphs, graphs)``."""
        graphs = len(self.starts) - 1
        gram = np.empty((graphs, graphs))
        for first, last in self._pieces():
            rows = slice(self.starts[first], self.starts[last])
            columns = slice(self.starts[first], self.starts[-1])
            terms = self.terms(rows, columns) * weights[rows, None] * weights[columns]
            by_row = np.add.reduceat(terms, self.starts[first:last] - self.starts[first], axis=0)
            starts = self.starts[first:-1] - self.starts[first]
            gram[first:last, first:] = np.add.reduceat(by_row, starts, axis=1)
        upper = np.triu(gram)
        whole: Floats = upper + np.triu(gram, 1).T
        return whole

    def _pieces(self) -> Iterator[tuple[int, int]]:
        """First and last graph of pieces of rows that are small enough."""
        first, graphs = 0, len(self.starts) - 1
        while first < graphs:
            width = self.starts[-1] - self.starts[first]
            most = self.starts[first] + ENTRIES // max(1, width)
            last = max(first + 1, int(np.searchsorted(self.starts, most, side="right")) - 1)
            yield first, min(last, graphs)
            first = min(last, graphs)


def gram(graphs: Sequence[Graph], architecture: Architecture) -> Floats:
    """The kernel between each two graphs, ``(graphs, graphs)``, symmetric.

    Args:
        graphs: At least one, each with a node, with equally many features.
        architecture: Of the network.

    Raises:
        ProtocolError: See ``Nodes``.

    Example:
        >>> one = Graph(np.zeros((2, 0), np.int64), np.ones((1, 1), np.float32))
        >>> gram([one], Architecture(jumping=False)).item()
        4.0
    """
    nodes = Nodes(graphs, architecture)
    return 2 * nodes.pooled(np.ones(len(nodes.features)))


def rooted(graphs: Sequence[Graph], roots: Sequence[int], architecture: Architecture) -> Floats:
    """The kernel between one node of each graph, of a network that is read at this node alone.

    Args:
        graphs: As of ``gram``.
        roots: The node of each.
        architecture: Of the network.
    """
    nodes = Nodes(graphs, architecture)
    weights = np.zeros(len(nodes.features))
    weights[nodes.starts[:-1] + np.asarray(roots)] = 1
    return 2 * nodes.pooled(weights)


def cosine(gram: Floats) -> Floats:
    """A Gram matrix whose diagonal is scaled to 1."""
    lengths = np.sqrt(np.diagonal(gram))
    return gram / lengths[:, None] / lengths
