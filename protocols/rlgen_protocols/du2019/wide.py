"""Networks of finite width, whose tangent kernel is half of what the recursion says."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlgen.util.seeding import stream
from rlgen_protocols.du2019 import gntk, tasks
from rlgen_protocols.du2019.tasks import NAME

Floats = NDArray[np.float64]
#: Hidden units whose gradients are held at once.
UNITS = 2_000


def run(*, seed: int, graphs: int, width: int) -> Mapping[str, Any]:
    """Compare the tangent kernel of a network with random weights with the recursion.

    The network is ``sum_u v . sqrt(2 / m) ReLU(W h_u)`` with ``h_u`` the sum of features over a
    node and its neighbours, one block of one layer without jumping knowledge; all weights are
    standard normal and trained.

    Returns:
        See the paper's ``experiments``.
    """
    members = tasks.theorem(seed, "", graphs, 0).graphs
    whole = gntk.gram(members, gntk.Architecture(jumping=False))
    nodes = gntk.Nodes(members, gntk.Architecture())
    sums, starts = np.asarray(nodes.aggregate @ nodes.features), nodes.starts[:-1]
    rng, own = stream(seed, NAME, "wide"), np.zeros_like(whole)
    for first in range(0, width, UNITS):
        own += tangent(sums, starts, min(UNITS, width - first), rng)
    own *= 2 / width
    return {"deviation": _apart(own, whole / 2), "deviation_whole": _apart(own, whole)}


def tangent(
    sums: Floats, starts: NDArray[np.int64], units: int, rng: np.random.Generator
) -> Floats:
    """Inner products of the gradients of some hidden units, without the factor ``2 / m``.

    Args:
        sums: Summed features of all nodes, ``(nodes, d)``.
        starts: First node of each graph.
        units: How many.
        rng: Draws their weights.
    """
    inner, outer = rng.normal(size=(units, sums.shape[1])), rng.normal(size=units)
    before = sums @ inner.T
    of_outer = np.add.reduceat(np.maximum(before, 0), starts, axis=0)
    active = (before > 0) * outer
    of_inner = np.add.reduceat(active[:, :, None] * sums[:, None, :], starts, axis=0)
    of_inner = of_inner.reshape(len(starts), -1)
    out: Floats = of_outer @ of_outer.T + of_inner @ of_inner.T
    return out


def _apart(one: Floats, other: Floats) -> float:
    """Relative distance in the Frobenius norm."""
    return float(np.linalg.norm(one - other) / np.linalg.norm(other))
