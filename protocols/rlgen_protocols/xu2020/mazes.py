"""Networks side by side on one question about the start states of mazes."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rlgen.agents.cloning import reproducible
from rlgen.levels import lookup
from rlgen.levels.split import draw_split
from rlgen.util.seeding import library_seed
from rlgen_protocols.graphs.choices import one_of
from rlgen_protocols.xu2020 import maze_models, models
from rlgen_protocols.xu2020.examples import Labels
from rlgen_protocols.xu2020.maze_tasks import (
    BEST_SUBSET,
    FARTHEST,
    FURTHEST_OBJECTS,
    NAMES,
    STEPS_TO_KEY,
    VALUE_RANGE,
    Mazes,
    mazes,
)
from rlgen_protocols.xu2020.training import NAME, Pool, fit

#: The networks that are asked each question.
ASKED = {
    VALUE_RANGE: ("mlp", "conv", "deep-sets", "gnn-1"),
    FURTHEST_OBJECTS: ("mlp", "deep-sets", "object-sets", "object-pairs"),
    STEPS_TO_KEY: ("mlp", "conv", "deep-sets", "gnn-1", "gnn-3", "gnn-10", "gnn-24"),
    BEST_SUBSET: ("mlp", "conv", "deep-sets", "gnn-1", "gnn-3", "exhaustive"),
}


def run(
    *,
    seed: int,
    family: str,
    question: str,
    n: int,
    deepest: int,
    steps: int,
    width: int,
    batch: int,
    rate: float,
    held_out: int,
) -> Mapping[str, Any]:
    """Train each network that is asked the question on ``n`` levels with flipped rewards.

    Returns:
        ``fits``: by network, see ``training.Fit``, with ``weights`` and ``by_distance``: the share
        of right answers by the steps from agent to key. ``distances``: how many test levels have
        each number of steps.
    """
    one_of("question", question, NAMES)
    levels = lookup.family(family)
    split = draw_split(levels, n, max(1, held_out // 2), held_out, pool_seed=seed)
    pools = {}
    for name, pool in split.pools():
        # Held-out levels of a split are not flipped, and here all are alike.
        flipped = levels.generate(pool.ids, flip_p=0.5)
        pools[name] = mazes(question, levels, flipped)
    fits: dict[str, Any] = {}
    for model in ASKED[question]:
        if model.startswith("gnn-") and int(model.removeprefix("gnn-")) > deepest:
            continue
        with reproducible(library_seed(seed, NAME, "mazes", model)):
            shapes = _shapes(pools["train"])
            net = maze_models.build(model, shapes, pools["train"].classes, width)
            takes = maze_models.TAKES.get(model, maze_models.GRAPH)
            three = [_pool(own, takes) for own in pools.values()]
            out = fit(net, *three, seed=seed, steps=steps, batch=batch, rate=rate)
        right = out.answers == pools["test"].labels
        by_distance = _by_distance(right, pools["test"].distances)
        fits[model] = {**out.plain, "weights": models.size(net), "by_distance": by_distance}
    counts = np.bincount(pools["test"].distances, minlength=FARTHEST + 1)
    return {"fits": fits, "distances": counts[: FARTHEST + 1].tolist()}


def _shapes(pool: Mazes) -> dict[str, tuple[int, ...]]:
    return {name: getattr(pool, name).shape[1:] for name in ("pictures", "cells", "subsets")}


def _pool(pool: Mazes, names: tuple[str, ...]) -> Pool:
    arrays = [torch.from_numpy(getattr(pool, name)) for name in names]

    def select(numbers: Labels) -> tuple[Tensor, ...]:
        rows = torch.from_numpy(numbers)
        return tuple(array[rows] for array in arrays)

    return Pool(select, pool.labels)


def _by_distance(right: NDArray[np.bool_], distances: NDArray[np.int64]) -> list[float]:
    """The share of right answers at each distance up to ``FARTHEST``; nan where there is none."""
    counts = np.bincount(distances, minlength=FARTHEST + 1)
    hits = np.bincount(distances, weights=right, minlength=FARTHEST + 1)
    with np.errstate(invalid="ignore"):
        shares: list[float] = (hits / counts)[: FARTHEST + 1].tolist()
    return shares
