"""The tasks: graphs for training and for tests, and the networks and schedules that they have."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from rlgen.errors import ProtocolError, nearest
from rlgen_protocols.knyazev2019 import maze_graphs, random_graphs
from rlgen_protocols.knyazev2019.modes import (
    FIXED,
    SHUFFLED,
    SUPERVISED,
    TRUTH,
    UNSUPERVISED,
    WEAK,
)
from rlgen_protocols.knyazev2019.networks import Architecture
from rlgen_protocols.knyazev2019.sets import GraphSet

Rng = np.random.Generator
#: Test sets: graphs as in training, larger ones, and larger ones with new features.
ORIG, LARGE, LARGEC = "orig", "large", "largec"


def _thresholds(unsupervised: float, supervised: float, weak: float) -> Mapping[str, float]:
    own = {UNSUPERVISED: unsupervised, SUPERVISED: supervised, WEAK: weak}
    return {**own, SHUFFLED: supervised, FIXED: supervised, TRUTH: 0.0}


@dataclass(frozen=True)
class Task:
    """What is counted, and how (authors' ``scripts/*.sh``).

    Attributes:
        small: Draws so many graphs as in training.
        others: By the name of a test set, draws so many graphs of at most so many nodes.
        architecture: Of its networks.
        share: Epochs without attention over those with it.
        decays: Shares of training at which the learning rate becomes a tenth, with attention and
            without.
    """

    small: Callable[[Rng, int], GraphSet]
    others: Mapping[str, Callable[[Rng, int, int], GraphSet]]
    architecture: Architecture
    share: float
    decays: tuple[tuple[float, ...], tuple[float, ...]]


COLORS = Architecture(
    layers=2,
    order=2,
    hidden=False,
    aggregate="mean",
    readout="sum",
    pooled=(1,),
    raw=True,
    thresholds=_thresholds(0.03, 0.05, 0.05),
)
TRIANGLES = Architecture(
    layers=3,
    order=7,
    hidden=True,
    aggregate="sum",
    readout="max",
    pooled=(1, 2),
    raw=False,
    thresholds=_thresholds(1e-4, 1e-3, 1e-2),
)

TASKS: Mapping[str, Task] = {
    "colors": Task(
        lambda rng, n: random_graphs.colors(rng, n, 4, 25),
        {
            LARGE: lambda rng, n, most: random_graphs.colors(rng, n, 26, most),
            LARGEC: lambda rng, n, most: random_graphs.colors(rng, n, 26, most, new=True),
        },
        COLORS,
        1 / 3,
        ((280 / 300,), (0.9,)),
    ),
    "triangles": Task(
        lambda rng, n: random_graphs.triangles(rng, n, 4, 25),
        {LARGE: lambda rng, n, most: random_graphs.triangles(rng, n, 26, most)},
        TRIANGLES,
        1.0,
        ((0.85, 0.95), (0.85, 0.95)),
    ),
    "maze-colors": Task(
        lambda rng, n: maze_graphs.diamonds(rng, n, maze_graphs.SMALL),
        {
            LARGE: lambda rng, n, _: maze_graphs.diamonds(rng, n, maze_graphs.LARGE),
            LARGEC: lambda rng, n, _: maze_graphs.diamonds(rng, n, maze_graphs.LARGE, new=True),
        },
        COLORS,
        1 / 3,
        ((280 / 300,), (0.9,)),
    ),
    "maze-loops": Task(
        lambda rng, n: maze_graphs.loops(rng, n, maze_graphs.SMALL_LOOPED),
        {LARGE: lambda rng, n, _: maze_graphs.loops(rng, n, maze_graphs.LARGE_LOOPED)},
        TRIANGLES,
        1.0,
        ((0.85, 0.95), (0.85, 0.95)),
    ),
}


def named(name: str) -> Task:
    """The task of this name.

    Raises:
        ProtocolError: If there is none.
    """
    if name not in TASKS:
        raise ProtocolError(f"task = {name!r}: unknown task {name!r}{nearest(name, TASKS)}")
    return TASKS[name]
