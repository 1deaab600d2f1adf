"""Tasks that are eigenvectors of a network's own kernel at the start of training."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from torch import nn

from rlgen.agents.cloning import reproducible, untrained
from rlgen.agents.labelled import labelled
from rlgen.errors import LevelError, ProtocolError
from rlgen.levels import lookup
from rlgen.levels.family import Family
from rlgen.levels.split import draw_split
from rlgen.networks import network_named
from rlgen.networks.plain import plain
from rlgen.util.seeding import library_seed, stream
from rlgen_protocols.ortizjimenez2021 import kernel
from rlgen_protocols.ortizjimenez2021.binary import Binary, fit
from rlgen_protocols.ortizjimenez2021.linearized import Linearized

NAME = "ortizjimenez2021"
#: Levels that points are drawn from.
LEVELS = 20
#: Share of the points that is trained on.
TRAINED = 0.75


def run(
    *, seed: int, family: str, network: str, index: int, points: int, steps: int, rate: float
) -> Mapping[str, Any]:
    """Learn the signs of an eigenvector, by the network and by its linear model.

    Returns:
        See the paper's ``experiments``.

    Raises:
        ProtocolError: If there is no such eigenvector.
    """
    if index > points:
        raise ProtocolError(f"eigen-tasks index = {index}: must be at most points = {points}")
    inputs, space, member = points_of(family, network, seed, points)
    with reproducible(library_seed(seed, NAME, "eigen", network)):
        net = plain(*untrained(member, space, 1))
        before = one_output_kernel(net, inputs)
        vectors = torch.linalg.eigh(before).eigenvectors.flip(1)
        order = torch.from_numpy(stream(seed, NAME, "eigen split").permutation(points))
        cut = int(TRAINED * points)
        task = Binary.of(inputs.float(), vectors[:, index - 1] >= 0, order, cut)
        models: dict[str, nn.Module] = {"linear": Linearized(deepcopy(net)), "net": net}
        aligned = _aligned(before[order[:cut]][:, order[:cut]], task.train_labels.double())
        measured: dict[str, Any] = {"aligned": aligned}
        for name, model in models.items():
            fit(model, task, seed, steps=steps, rate=rate)
            measured[f"{name}_loss"], measured[f"{name}_accuracy"] = task.judged(model)
        after = one_output_kernel(net, inputs)
    # Not the last of all: its eigenvalue is 0 up to rounding.
    ranks = [2**k for k in range(points.bit_length()) if 2**k < points]
    return {
        **measured,
        "ranks": ranks,
        "spectrum_before": [_aligned(before, vectors[:, rank - 1]) for rank in ranks],
        "spectrum_after": [_aligned(after, vectors[:, rank - 1]) for rank in ranks],
        "own_before": _aligned(before, vectors[:, index - 1]),
        "own_after": _aligned(after, vectors[:, index - 1]),
        "positive": float(task.train_labels.mean()),
    }


def points_of(
    family: str, network: str, seed: int, points: int
) -> tuple[torch.Tensor, gym.spaces.Box, Any]:
    """Distinct observations of a family, float64 ``(points, *shape)``; their space; the network.

    Raises:
        LevelError: If the levels have fewer states that look different.
    """
    levels: Family = lookup.family(family)
    split = draw_split(levels, LEVELS, pool_seed=seed, n_test=1)
    states = labelled(split.family, split.train)
    numbers = stream(seed, NAME, "points").permutation(states.tabular.n_states)
    observations = states.observe(numbers)
    _, first = np.unique(observations.reshape(len(numbers), -1), axis=0, return_index=True)
    if len(first) < points:
        raise LevelError(
            f"{family}: {LEVELS} levels have {len(first):,} states that look different, "
            f"fewer than points = {points:,}"
        )
    inputs = torch.from_numpy(observations[np.sort(first)[:points]]).double()
    member = network_named(network).for_family(split.family)
    return inputs, split.family.observation_space, member


def one_output_kernel(net: nn.Module, inputs: torch.Tensor) -> torch.Tensor:
    """The Gram matrix ``(points, points)`` in float64 of a network with one output."""
    precise = kernel.precise(net)
    return kernel.gram(precise, kernel.weights_of(precise), inputs)


def _aligned(gram: torch.Tensor, direction: torch.Tensor) -> float:
    """Alignment over that of the direction permuted: both without what is constant."""
    m = len(direction)
    centred = direction - direction.mean()
    chance = (gram.trace() - gram.mean() * m) / (m - 1)
    return float(centred @ gram @ centred / centred.square().sum() / chance)
