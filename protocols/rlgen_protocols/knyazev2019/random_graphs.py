"""COLORS and TRIANGLES as the authors' ``generate_data.py`` makes them.

Graphs are drawn from G(N, M) with ``M = floor((1 + U) N)`` edges, ``U`` uniform on [0, 1).
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from rlgen_protocols.knyazev2019.sets import GraphSet

Rng = np.random.Generator
#: The channel of the colour that is counted, and the largest number of it.
GREEN, MOST_GREEN = 1, 10
#: Numbers of triangles, and degrees that have a channel of their own; the last one has all above.
TRIANGLES, DEGREES = range(1, 11), 14
#: Candidates that are drawn at once.
CHUNK = 2000


def colors(rng: Rng, graphs: int, smallest: int, largest: int, *, new: bool = False) -> GraphSet:
    """COLORS: one colour a node, and the label is the number of green nodes, 0 to 10.

    There are equally many graphs of each size, and of each size equally many of each label that is
    possible, of which some are then chosen at random; none is there twice.

    Args:
        rng: Draws them.
        graphs: How many.
        smallest: Fewest nodes.
        largest: Most nodes.
        new: Whether nodes that are not green have any of the three other channels, each with
            probability 1/2, among them one that is new: LargeC. Else each has one of two.
    """
    sizes = np.arange(smallest, largest + 1)
    per_size = -(-graphs // (len(sizes) * (MOST_GREEN + 1))) * (MOST_GREEN + 1)
    cases = [(size, label) for size in sizes for label in _labels(rng, int(size), per_size)]
    met: set[bytes] = set()
    parts: list[GraphSet] = []
    for case in rng.permutation(len(cases))[:graphs]:
        while len(parts) < graphs:
            one = _coloured(rng, *cases[case], new=new)
            content = one.features.tobytes() + one.edges.tobytes()
            if content not in met:
                met.add(content)
                parts.append(one)
                break
    return parts[0].joined(parts[1:])


def _labels(rng: Rng, size: int, number: int) -> list[int]:
    """Labels of so many graphs: all that are possible in random order, over and over."""
    possible = min(size, MOST_GREEN) + 1
    rounds = -(-number // possible)
    labels = [label for _ in range(rounds) for label in rng.permutation(possible).tolist()]
    return labels[:number]


def _coloured(rng: Rng, size: int, label: int, *, new: bool) -> GraphSet:
    features = np.zeros((size, 4), np.float32)
    green = np.zeros(size, np.bool_)
    green[rng.permutation(size)[:label]] = True
    features[green, GREEN] = 1
    if new:
        features[~green] = rng.integers(0, 2, (size - label, 4))
        features[~green, GREEN] = 0
    else:
        features[np.flatnonzero(~green), 2 * rng.integers(0, 2, size - label)] = 1
    adjacency = gnm(rng, np.array([int((1 + rng.random()) * size)]), size)
    return _joined(adjacency, features, np.array([label]), green.astype(np.float32))


def triangles(rng: Rng, graphs: int, smallest: int, largest: int) -> GraphSet:
    """TRIANGLES: the label is the number of triangles, 1 to 10, equally many graphs of each.

    Features are degrees, one channel each. Sizes are uniform before labels are balanced; none is
    there twice.

    Args:
        rng: Draws them.
        graphs: How many.
        smallest: Fewest nodes.
        largest: Most nodes.
    """
    left = dict.fromkeys(TRIANGLES, -(-graphs // len(TRIANGLES)))
    met: set[bytes] = set()
    parts: list[GraphSet] = []
    while any(left.values()):
        for one, content in _candidates(rng, smallest, largest):
            label = int(one.labels[0])
            if left.get(label, 0) and content not in met:
                met.add(content)
                left[label] -= 1
                parts.append(one)
    return parts[0].joined(parts[1:]).take(rng.permutation(len(parts))[:graphs])


def _candidates(rng: Rng, smallest: int, largest: int) -> Iterator[tuple[GraphSet, bytes]]:
    """Some graphs of any number of triangles, in random order, with what tells them apart."""
    sizes = rng.integers(smallest, largest + 1, CHUNK)
    places, drawn = [], []
    for size in np.unique(sizes):
        where = np.flatnonzero(sizes == size)
        adjacency = gnm(rng, ((1 + rng.random(len(where))) * size).astype(np.int64), int(size))
        corners = corners_of(adjacency)
        labels = (corners.sum(axis=1) / 3).round().astype(np.int64)
        some = np.isin(labels, TRIANGLES)
        degrees = np.minimum(adjacency.sum(axis=2).astype(np.int64), DEGREES - 1)
        places += where[some].tolist()
        for i in np.flatnonzero(some):
            features = np.eye(DEGREES, dtype=np.float32)[degrees[i]]
            one = _joined(adjacency[i : i + 1], features, labels[i : i + 1], corners[i])
            drawn.append((one, bytes([size]) + np.packbits(adjacency[i] > 0).tobytes()))
    for place in np.argsort(places):
        yield drawn[place]


def corners_of(adjacency: NDArray[np.float32]) -> NDArray[np.float32]:
    """Number of triangles at each node, ``(B, N)``, from adjacency matrices ``(B, N, N)``."""
    corners: NDArray[np.float32] = ((adjacency @ adjacency) * adjacency).sum(axis=2) / 2
    return corners


def gnm(rng: Rng, edges: NDArray[np.int64], size: int) -> NDArray[np.float32]:
    """Adjacency matrices of random graphs G(N, M), ``(B, N, N)``.

    Args:
        rng: Draws them.
        edges: int64 ``(B,)``; the number of edges of each; as many as there are pairs, if more.
        size: Nodes, ``N``.
    """
    rows, columns = np.triu_indices(size, 1)
    pairs, number = len(rows), len(edges)
    most = min(pairs, int(edges.max()))
    keys = rng.random((number, pairs))
    # The pairs with the smallest keys; which of them are the very smallest is seen by sorting.
    chosen = keys.argpartition(most - 1, axis=1)[:, :most]
    order = np.take_along_axis(keys, chosen, axis=1).argsort(axis=1)
    graph, place = np.nonzero(np.arange(most) < edges[:, None])
    pair = chosen[graph, order[graph, place]]
    adjacency = np.zeros((number, size, size), np.float32)
    adjacency[graph, rows[pair], columns[pair]] = 1
    return adjacency + adjacency.transpose(0, 2, 1)


def _joined(
    adjacency: NDArray[np.float32],
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    weights: NDArray[np.float32],
) -> GraphSet:
    """Graphs of one size; attention is proportional to the weights."""
    number, size = adjacency.shape[:2]
    graph, sources, targets = np.nonzero(adjacency)
    table = weights.reshape(number, size)
    total = table.sum(axis=1, keepdims=True)
    return GraphSet(
        np.full(number, size),
        np.bincount(graph, minlength=number),
        features,
        np.stack([sources, targets]),
        labels,
        np.divide(table, total, out=np.zeros_like(table), where=total > 0).ravel(),
        np.full((number * size, 2), -1),
    )
