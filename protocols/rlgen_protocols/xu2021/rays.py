"""Networks that fit functions which are not linear, and are linear themselves far from the data."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import nn

from rlgen.agents.cloning import reproducible
from rlgen.util.seeding import library_seed, stream
from rlgen_protocols.xu2021 import points as space
from rlgen_protocols.xu2021.errors import Floats, line_fit, lower_median, percentages
from rlgen_protocols.xu2021.perceptron import perceptron, train, values

NAME = "xu2021"
#: The authors' rays: they begin so many times as far as the data reach, and have so many points on
#: a length of so many times the largest coordinate of the test data.
BEYOND, POINTS, LENGTH = 1.1, 100, 10.0
#: Rays that are kept for the figure, with so many points each.
DRAWN, DRAWN_POINTS = 2, 61
VALIDATION = 1000


def run(
    *,
    seed: int,
    target: str,
    points: int,
    tests: int,
    width: int,
    directions: int,
    epochs: int,
    batch: int,
    rate: float,
    halve: int,
) -> Mapping[str, Any]:
    """Fit one target, and follow the network along rays.

    Returns:
        See the paper's ``experiments``.

    Raises:
        ProtocolError: For an unknown target.
    """
    task = space.task_named(target)
    rng = stream(seed, NAME, "rays", target)
    function = space.target_named(target, rng)
    pools = [space.near(task, n, rng) for n in (points, min(points, VALIDATION), tests)]
    outside = space.far(task, tests, rng)
    with reproducible(library_seed(seed, NAME, "rays", target)):
        network = perceptron(task.dimension, width)
        course = train(
            network,
            function,
            pools[0],
            pools[1],
            rng,
            epochs=epochs,
            batch=batch,
            rate=rate,
            halve=halve,
        )
        out, into = (
            lower_median(percentages(values(network, x), function(x))) for x in (outside, pools[2])
        )
        drawn = space.drawn("sphere", 1.0, directions, task.dimension, rng)
        ends = space.exits(task, drawn)
        beyond = straightness(network, drawn, BEYOND * ends, LENGTH * float(outside.max()))
        inside = straightness(network, drawn, np.zeros(directions), ends)
        return {
            "error_in": into,
            "error_out": out,
            "straight_median": float(np.median(beyond)),
            "straight_mean": float(beyond.mean()),
            "straight_inside": float(np.median(inside)),
            "course": course[:: max(1, len(course) // 20)],
            "rays": [_followed(network, function, task, one) for one in drawn[:DRAWN]],
        }


def straightness(
    network: nn.Module, directions: Floats, starts: Floats, length: float | Floats
) -> Floats:
    """The R² of a line through the network along rays from the origin, ``(K,)``.

    Args:
        network: From points to one number.
        directions: Of length 1, ``(K, D)``.
        starts: Where each ray begins, ``(K,)``.
        length: Of all rays, or of each, ``(K,)``.
    """
    shares = np.linspace(0, 1, POINTS)
    at = starts[:, None] + np.broadcast_to(length, starts.shape)[:, None] * shares
    along = values(network, at[:, :, None] * directions[:, None, :])
    # A line in the distance is one in the share of the ray: R² is the same.
    return line_fit(shares, along)


def _followed(
    network: nn.Module, function: space.Target, task: space.Task, direction: Floats
) -> dict[str, Any]:
    """Network and target along one ray both ways, to the range of the tests."""
    end = float(space.exits(task, direction[None])[0])
    if task.positive:
        direction = np.abs(direction)
    at = np.linspace(0.0 if task.positive else -1.0, 1.0, DRAWN_POINTS) * end * task.far
    at = at / task.radius
    where = at[:, None] * direction
    return {
        "end": end,
        "at": at.tolist(),
        "network": values(network, where).tolist(),
        "target": function(where).tolist(),
    }
