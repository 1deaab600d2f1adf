"""Classes of graphs, told apart by support vector machines."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlgen.errors import ProtocolError, nearest
from rlgen.levels import lookup
from rlgen.levels.split import draw_split
from rlgen.util.seeding import library_seed
from rlgen_protocols.du2019 import folds, gntk, subtree, tasks
from rlgen_protocols.du2019.tasks import NAME
from rlgen_protocols.graphs import mutag
from rlgen_protocols.graphs.graph import Graph

Ints = NDArray[np.int64]
#: The families that are told apart, and the most rounds of the subtree kernel.
FAMILIES, ROUNDS = ("maze-basic[size=9]", "maze-blocks[size=9]", "maze-tunnel[size=9]"), 3
#: Graphs of each class whose kernel is kept for the picture.
PICTURED = 15
METHODS = (*(f"gntk-{scaling}" for scaling in gntk.SCALINGS), "wl")


def run(
    *, seed: int, dataset: str, method: str, blocks: int, layers: int, jumping: bool, graphs: int
) -> Mapping[str, Any]:
    """Classify graphs by ten folds.

    Returns:
        See the paper's ``experiments``.

    Raises:
        ProtocolError: For a data set or a method that there is not; where MUTAG cannot be read.
    """
    if method not in METHODS:
        raise ProtocolError(f"method = {method!r}{nearest(method, METHODS)}")
    if dataset not in DATASETS:
        raise ProtocolError(f"dataset = {dataset!r}{nearest(dataset, DATASETS)}")
    members, classes = DATASETS[dataset](seed, graphs)
    if method == "wl":
        grams = subtree.grams(members, [tasks.tags(graph) for graph in members], ROUNDS)
    else:
        scaling = method.removeprefix("gntk-")
        grams = [gntk.gram(members, gntk.Architecture(blocks, layers, scaling, jumping))]
    first = [np.flatnonzero(classes == one)[:PICTURED] for one in np.unique(classes)]
    some = np.concatenate(first)
    return {
        **folds.accuracies(grams, classes, library_seed(seed, NAME, "ten folds")),
        "largest_class": float(100 * np.bincount(classes).max() / len(classes)),
        "pictured": [len(one) for one in first],
        "gram": np.round(gntk.cosine(grams[-1])[np.ix_(some, some)], 4).tolist(),
    }


def _families(seed: int, graphs: int) -> tuple[Sequence[Graph], Ints]:
    """Levels of three families, equally many of each."""
    each = graphs // len(FAMILIES)
    members: list[Graph] = []
    for family in FAMILIES:
        split = draw_split(lookup.family(family), each, pool_seed=seed, n_test=1)
        members += tasks.of_objects(split.family, split.train)
    return members, np.repeat(np.arange(len(FAMILIES)), each)


def _near(seed: int, graphs: int) -> tuple[Sequence[Graph], Ints]:
    """Whether the key is nearer to the agent than in half of the mazes."""
    task = tasks.named("steps", seed, FAMILIES[-1], graphs, 1)
    steps = task.targets[:graphs]
    return task.graphs[:graphs], (steps > np.median(steps)).astype(np.int64)


def _mutag(seed: int, graphs: int) -> tuple[Sequence[Graph], Ints]:
    """All of MUTAG, whatever the seed, which then is that of the folds alone."""
    del seed, graphs
    return mutag.read()


DATASETS = {"families": _families, "near-key": _near, "mutag": _mutag}
