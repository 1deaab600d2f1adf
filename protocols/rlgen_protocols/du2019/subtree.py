"""The Weisfeiler-Lehman subtree kernel (Shervashidze et al. 2011)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlgen_protocols.graphs.graph import Graph
from rlgen_protocols.graphs.refinement import weisfeiler_leman


def grams(
    graphs: Sequence[Graph], labels: Sequence[ArrayLike], rounds: int
) -> list[NDArray[np.float64]]:
    """The kernel with ``0`` to ``rounds`` rounds of refinement, each ``(graphs, graphs)``.

    Args:
        graphs: That are compared.
        labels: Of the nodes of each, integers.
        rounds: The most.

    Returns:
        Inner products of how often each graph has each colour of these rounds together.

    Example:
        >>> two = Graph(np.array([[0, 1], [1, 0]]), np.ones((2, 1), np.float32))
        >>> [kernel.item() for kernel in grams([two], [[0, 0]], 1)]
        [4.0, 8.0]
    """
    refined = weisfeiler_leman(graphs, labels, rounds)
    counts = [refined.counts(k).astype(np.float64) for k in range(rounds + 1)]
    return list(np.cumsum([own @ own.T for own in counts], axis=0))
