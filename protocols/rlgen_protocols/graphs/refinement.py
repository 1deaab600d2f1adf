"""Colour refinement: what message passing can tell apart at most, and what pairs of nodes can.

Weisfeiler and Leman 1968; the folklore variant of dimension 2 as in Cai, Fürer, Immerman 1992,
https://doi.org/10.1007/BF01305232. One palette serves all graphs that are compared: with one of
each graph's own, colours of different graphs would mean different things.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlgen_protocols.graphs.graph import Graph

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Refinement:
    """Colours of the nodes, or the ordered pairs of nodes, of several graphs.

    Attributes:
        colours: int64 ``(1 + rounds, N)``; of all nodes or pairs, graph after graph, after each
            round. Equal colours of one round mean the same in all graphs.
        starts: int64 ``(graphs + 1,)``; those of graph ``i`` are ``starts[i]:starts[i + 1]``.
    """

    colours: Ints
    starts: Ints

    @property
    def rounds(self) -> int:
        """Rounds that were run; until stability, the least after which no class splits."""
        return len(self.colours) - 1

    def of(self, graph: int, rounds: int = -1) -> Ints:
        """Colours of one graph's nodes or pairs after some rounds, the last if left out."""
        return self.colours[rounds, self.starts[graph] : self.starts[graph + 1]]

    @cached_property
    def multisets(self) -> list[tuple[int, ...]]:
        """The sorted last colours of each graph: equal where graphs cannot be told apart."""
        return [tuple(np.sort(self.of(graph)).tolist()) for graph in range(len(self.starts) - 1)]

    def counts(self, rounds: int = -1) -> Ints:
        """How often each graph has each colour of a round, ``(graphs, colours)``."""
        row = self.colours[rounds]
        owner = np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))
        table = np.zeros((len(self.starts) - 1, int(row.max()) + 1), np.int64)
        np.add.at(table, (owner, row), 1)
        return table


def weisfeiler_leman(
    graphs: Sequence[Graph], labels: Sequence[ArrayLike] | None = None, rounds: int | None = None
) -> Refinement:
    """1-WL: a node's next colour is its own with the multiset of its neighbours' colours.

    Args:
        graphs: That are compared, at least one.
        labels: Of the nodes of each graph, integers; all equal if left out.
        rounds: How many; until the number of colours no longer grows if left out.

    Example:
        >>> path, star = nx.path_graph(5), nx.star_graph(4)
        >>> path, star = weisfeiler_leman([Graph.of_networkx(g) for g in (path, star)]).multisets
        >>> path == star
        False
    """
    starts = _starts([graph.n for graph in graphs])
    edges = np.concatenate([g.edges + s for g, s in zip(graphs, starts, strict=False)], axis=1)
    n = int(starts[-1])
    first = np.zeros(n, np.int64) if labels is None else _renumbered(np.concatenate(list(labels)))
    order = np.argsort(edges[1], kind="stable")
    sources, targets = edges[0][order], edges[1][order]
    degrees = np.bincount(targets, minlength=n)
    place = np.arange(len(targets)) - np.repeat(np.cumsum(degrees) - degrees, degrees)
    around = np.full((n, int(degrees.max(initial=0))), -1)

    def refined(colours: Ints) -> Ints:
        around[targets, place] = colours[sources]
        return _renumbered(np.column_stack([colours, np.sort(around, axis=1)]))

    return _refine(first, starts, refined, rounds)


def folklore2(graphs: Sequence[Graph], rounds: int | None = None) -> Refinement:
    """2-FWL: a pair's next colour is its own with the multiset over k of those of (i,k) and (k,j).

    Colours at the start are 2 for a node with itself, 1 for an edge and 0 for no edge. Time and
    memory are cubic in the number of nodes.

    Args:
        graphs: That are compared, at least one.
        rounds: How many; until the number of colours no longer grows if left out.
    """
    sizes = [graph.n for graph in graphs]
    starts, most = _starts([n * n for n in sizes]), max(sizes)
    first = np.concatenate([_adjacency(graph).ravel() for graph in graphs])

    def refined(colours: Ints) -> Ints:
        factor, rows = int(colours.max()) + 1, np.full((len(colours), 1 + most), -1)
        rows[:, 0] = colours
        for n, start in zip(sizes, starts, strict=False):
            own = colours[start : start + n * n].reshape(n, n)
            through = own[:, None, :] * factor + own.T[None, :, :]
            rows[start : start + n * n, 1 : 1 + n] = np.sort(through, axis=2).reshape(n * n, n)
        return _renumbered(rows)

    return _refine(_renumbered(first), starts, refined, rounds)


def _adjacency(graph: Graph) -> Ints:
    matrix = 2 * np.eye(graph.n, dtype=np.int64)
    matrix[graph.edges[0], graph.edges[1]] = 1
    return matrix


def _starts(sizes: Sequence[int]) -> Ints:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


def _refine(
    first: Ints, starts: Ints, refined: Callable[[Ints], Ints], rounds: int | None
) -> Refinement:
    colours = [first]
    while rounds is None or len(colours) <= rounds:
        after = refined(colours[-1])
        if rounds is None and after.max() == colours[-1].max():
            break
        colours.append(after)
    return Refinement(np.stack(colours), starts)


def _renumbered(values: NDArray[np.int64]) -> Ints:
    """Distinct values, or rows, numbered from 0."""
    axis = 0 if values.ndim == 2 else None
    numbers: Ints = np.unique(values, axis=axis, return_inverse=True)[1]
    return numbers.ravel()
