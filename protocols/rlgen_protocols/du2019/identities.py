"""What holds of the kernel whatever the graphs."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlgen.util.seeding import stream
from rlgen_protocols.du2019 import tasks
from rlgen_protocols.du2019.gntk import Architecture, gram
from rlgen_protocols.du2019.tasks import NAME


def run(
    *, seed: int, blocks: int, layers: int, scaling: str, jumping: bool, graphs: int
) -> Mapping[str, Any]:
    """Measure how far identities of the kernel are from holding.

    Returns:
        See the paper's ``experiments``.

    Raises:
        ProtocolError: For a scaling that there is not.
    """
    members = tasks.theorem(seed, "", graphs, 0).graphs
    rng = stream(seed, NAME, "identities")
    architecture = Architecture(blocks, layers, scaling, jumping)
    whole = gram(members, architecture)
    values = np.linalg.eigvalsh(whole)
    moved = gram([graph.permuted(rng.permutation(graph.n)) for graph in members], architecture)
    sums = np.stack([graph.features.astype(np.float64).sum(axis=0) for graph in members])
    unaggregated = gram(members, Architecture(0, layers, scaling))
    return {
        "asymmetry": _apart(gram(members[::-1], architecture)[::-1, ::-1], whole),
        "least_eigenvalue": float(values[0] / values[-1]),
        "permuted": _apart(moved, whole),
        "linear": _apart(unaggregated, 2 * sums @ sums.T),
    }


def _apart(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """The largest difference, relative to the largest entry."""
    return float(np.abs(one - other).max() / np.abs(other).max())
