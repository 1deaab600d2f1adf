"""Probe: whether a network's features are those of an infinitely wide graph network."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from rlgen.errors import LevelError
from rlgen.levels.drawing import draw_pool
from rlgen.levels.family import Family
from rlgen.probes import cases
from rlgen.probes.base import Identity, Measured
from rlgen.probes.states import listed
from rlgen.probes.subject import Subject
from rlgen_protocols.du2019.gntk import Architecture, rooted
from rlgen_protocols.graphs.graph import Graph
from rlgen_protocols.graphs.mazes import of_pictures, view_of

Floats = NDArray[np.float64]
#: States, and the levels that they are of.
STATES, LEVELS = 128, 16
#: Of the network whose kernel it is.
BLOCKS = 4


def alignment(subject: Subject, *, seed: int) -> Mapping[str, Measured]:
    """Centred alignment of the features before the head with the kernel at the agent's cell.

    The states are of new levels, the same whatever the policy.

    Raises:
        Unsuitable: If the family's pictures show no graph.
    """
    del seed
    used = {print_ for _, pool in subject.split.pools() for print_ in pool.fingerprints()}
    pictures = _pictures(subject.family, used)
    try:
        kernel = at_agents(subject.family, pictures)
    except LevelError as error:
        raise subject.unsuitable(str(error)) from None
    with torch.no_grad():
        features = subject.features()(torch.from_numpy(pictures).double()).numpy()
    flat = pictures.reshape(len(pictures), -1).astype(np.float64)
    return {
        "alignment": _measured(cka(features @ features.T, kernel)),
        "observations": _measured(cka(flat @ flat.T, kernel)),
    }


def _pictures(family: Family, used: set[str]) -> NDArray[np.float32]:
    """States of levels that no pool of the split has, float32 ``(STATES, C, H, W)``."""
    levels = draw_pool(family, "validation", LEVELS, set(used))
    return listed(family, levels, STATES).observations


def at_agents(family: Family, pictures: NDArray[np.float32]) -> Floats:
    """The kernel between the cells of the agents, ``(N, N)``.

    Nodes have the kind of thing in their cell as a tag, nothing included. As many moves away as the
    network has blocks is as far as a node sees: what is farther is left out, with the same result.

    Args:
        family: Whose pictures show a graph.
        pictures: ``(N, C, H, W)``.

    Raises:
        LevelError: If they show none.
    """
    graphs, roots = [], []
    for maze in of_pictures(pictures.astype(np.uint8), view_of(family)):
        agent = int(maze.features[:, -1].argmax())
        empty = ~maze.features.any(axis=1, keepdims=True)
        tagged = Graph(maze.edges, np.column_stack([empty, maze.features]).astype(np.float32))
        graph, root = ball(tagged, agent, maze.distances()[agent] <= BLOCKS)
        graphs.append(graph)
        roots.append(root)
    return rooted(graphs, roots, Architecture(BLOCKS, jumping=False))


def ball(graph: Graph, root: int, near: NDArray[np.bool_]) -> tuple[Graph, int]:
    """The part of a graph that is near, and the root's number in it."""
    number = np.cumsum(near) - 1
    edges = number[graph.edges[:, near[graph.edges].all(axis=0)]]
    return Graph(edges, graph.features[near]), int(number[root])


def cka(one: Floats, other: Floats) -> float:
    """Centred kernel alignment (Kornblith et al. 2019); nan where a kernel is constant.

    Args:
        one: Gram matrix ``(N, N)``.
        other: Likewise.

    Example:
        >>> points = np.array([[0.0, 1.0], [1.0, 3.0], [2.0, 0.0]])
        >>> round(cka(points @ points.T, 5 * points @ points.T + 1), 6)
        1.0
    """
    first, second = (m - m.mean(0) - m.mean(1)[:, None] + m.mean() for m in (one, other))
    scale = np.linalg.norm(first) * np.linalg.norm(second)
    constant = scale <= 1e-12 * np.linalg.norm(one) * np.linalg.norm(other)
    return float("nan") if constant else float((first * second).sum() / scale)


def _measured(value: float) -> Measured:
    if np.isfinite(value):
        return Measured(value)
    return Measured.none("it is the same for all states")


class _Lookup(nn.Module):
    """Features by table: zeros for what is not in it."""

    keys: torch.Tensor
    features: torch.Tensor

    def __init__(self, pictures: NDArray[np.float32], features: Floats) -> None:
        super().__init__()
        self.register_buffer("keys", torch.from_numpy(pictures).flatten(1))
        self.register_buffer("features", torch.from_numpy(features))

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        same = torch.eq(observations.flatten(1)[:, None], self.keys).all(dim=2)
        same = same.to(observations.dtype)
        first = same * (same.cumsum(dim=1) == 1)  # pictures may occur twice
        out: torch.Tensor = first @ self.features.to(observations.dtype)
        return out


def identity() -> Identity:
    """Features whose inner products are the kernel itself."""
    split = cases.split()
    used = {print_ for _, pool in split.pools() for print_ in pool.fingerprints()}
    pictures = _pictures(split.family, used)
    values, vectors = np.linalg.eigh(at_agents(split.family, pictures))
    trunk = _Lookup(pictures, vectors * np.sqrt(np.maximum(values, 0)))
    head = nn.Linear(len(pictures), split.family.n_actions)
    return Identity(Subject.of_layers(trunk, head, split), {"alignment": 1.0}, 1e-6)
