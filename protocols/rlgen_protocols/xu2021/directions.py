"""A linear target that is learnt on all directions, or only where some coordinates are positive."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from rlgen.agents.cloning import reproducible
from rlgen.errors import ProtocolError, nearest
from rlgen.util.seeding import library_seed, stream
from rlgen_protocols.xu2021 import points as space
from rlgen_protocols.xu2021.errors import Floats, lower_median, percentages
from rlgen_protocols.xu2021.perceptron import perceptron, train, values

NAME = "xu2021"
#: The authors' cubes: training points reach so far; test points to the first where all directions
#: are trained, and to the second where some are missing.
RADIUS, FAR, FAR_MISSING = 5.0, 100.0, 20.0
#: Weights of the target, uniform from minus to plus these, likewise.
WEIGHTS, WEIGHTS_MISSING = 20.0, 10.0
#: By data geometry the share of the coordinates that are only positive in training.
GEOMETRIES = {"all": 0.0, "one-positive": None, "half-positive": 0.5, "positive": 1.0}
VALIDATION = 1000


def run(
    *,
    seed: int,
    geometry: str,
    dimension: int,
    points: int,
    tests: int,
    width: int,
    epochs: int,
    batch: int,
    rate: float,
    halve: int,
) -> Mapping[str, Any]:
    """Fit a linear function on one data geometry.

    Returns:
        See the paper's ``experiments``.

    Raises:
        ProtocolError: For an unknown geometry.
    """
    positive = positive_coordinates(geometry, dimension)
    # The same target and, but for signs, the same points whatever the geometry.
    rng = stream(seed, NAME, "directions")
    scale, reach = (WEIGHTS_MISSING, FAR_MISSING) if positive else (WEIGHTS, FAR)
    weights = scale * rng.uniform(-1, 1, dimension)

    def target(x: Floats) -> Floats:
        return np.asarray(x @ weights)

    pools = [
        folded(space.drawn("cube", RADIUS, n, dimension, rng), positive)
        for n in (points, min(points, VALIDATION), tests)
    ]
    outside = space.drawn("cube", reach, tests, dimension, rng)
    with reproducible(library_seed(seed, NAME, "directions")):
        network = perceptron(dimension, width)
        train(
            network,
            target,
            pools[0],
            pools[1],
            rng,
            epochs=epochs,
            batch=batch,
            rate=rate,
            halve=halve,
        )
        into, out = (
            lower_median(percentages(values(network, x), target(x))) for x in (pools[2], outside)
        )
    return {"error_in": into, "error_out": out}


def positive_coordinates(geometry: str, dimension: int) -> int:
    """How many coordinates are only positive in training.

    Raises:
        ProtocolError: For an unknown geometry.
    """
    if geometry not in GEOMETRIES:
        raise ProtocolError(
            f"geometry = {geometry!r}: unknown geometry{nearest(geometry, GEOMETRIES)}"
        )
    share = GEOMETRIES[geometry]
    return 1 if share is None else int(share * dimension)


def folded(points: Floats, positive: int) -> Floats:
    """The points with the first coordinates made positive."""
    points = points.copy()
    points[:, :positive] = np.abs(points[:, :positive])
    return points
