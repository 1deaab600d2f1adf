"""Neural anisotropy directions: linear tasks that differ only in the direction that separates."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from torch import nn
from torch.func import grad, jacrev

from rlgen.agents.cloning import reproducible, untrained
from rlgen.errors import ProtocolError
from rlgen.networks import network_named
from rlgen.networks.plain import plain
from rlgen.util.seeding import library_seed, stream
from rlgen_protocols.ortizjimenez2021 import kernel
from rlgen_protocols.ortizjimenez2021.binary import Binary, fit
from rlgen_protocols.ortizjimenez2021.linearized import Linearized

NAME = "ortizjimenez2021"
#: Distance of the classes, and standard deviation of the other directions.
DISTANCE, NOISE = 1.0, 1.0


def run(
    *, seed: int, network: str, index: int, side: int, samples: int, steps: int, rate: float
) -> Mapping[str, Any]:
    """Learn to tell ``x = y u / 2 + noise`` by the sign ``y``, u one direction of the network.

    Returns:
        See the paper's ``experiments``.

    Raises:
        ProtocolError: If there is no such direction.
    """
    if index > side**2:
        raise ProtocolError(f"nads index = {index}: must be at most {side**2}, the inputs")
    space = gym.spaces.Box(-np.inf, np.inf, (1, side, side), np.float32)
    with reproducible(library_seed(seed, NAME, "nads", network)):
        net = plain(*untrained(network_named(network), space, 1))
        vectors, values = directions(net, space.shape)
        task = separated(vectors[:, index - 1], space.shape, samples, seed)
        measured: dict[str, Any] = {"singular_value": float(values[index - 1] / values[0])}
        for name, model in {"linear": Linearized(deepcopy(net)), "net": net}.items():
            fit(model, task, seed, steps=steps, rate=rate)
            measured[f"{name}_loss"], measured[f"{name}_accuracy"] = task.judged(model)
    return measured


def directions(net: nn.Module, shape: tuple[int, ...]) -> tuple[torch.Tensor, torch.Tensor]:
    """Right singular vectors of the mixed derivative by weights and input, at the input 0.

    Args:
        net: With one output.
        shape: Of an input, of ``D`` numbers.

    Returns:
        Vectors as columns, float64 ``(D, D)``, and their singular values, falling, ``(D,)``.
    """
    precise = kernel.precise(net)
    weights = kernel.weights_of(precise)

    def slope(own: kernel.Weights) -> torch.Tensor:
        def output(point: torch.Tensor) -> torch.Tensor:
            return kernel.scores(precise, point[None])(own)[0, 0]

        return torch.as_tensor(grad(output)(torch.zeros(shape, dtype=torch.float64))).flatten()

    parts = jacrev(slope)(weights)
    mixed = torch.cat([part.flatten(1) for part in parts.values()], dim=1)
    squares, vectors = torch.linalg.eigh(mixed @ mixed.T)
    return vectors.flip(1), squares.clamp(min=0).sqrt().flip(0)


def separated(direction: torch.Tensor, shape: tuple[int, ...], samples: int, seed: int) -> Binary:
    """As many training as test points, which differ by class in one direction alone.

    Args:
        direction: Of length 1, ``(D,)``.
        shape: Of an input.
        samples: Of training, and of test.
        seed: Draws them.
    """
    rng = stream(seed, NAME, "nads")
    classes = torch.from_numpy(rng.choice([-1.0, 1.0], 2 * samples))
    noise = torch.from_numpy(rng.normal(0, NOISE, (2 * samples, len(direction))))
    noise -= (noise @ direction)[:, None] * direction
    points = (noise + DISTANCE / 2 * classes[:, None] * direction).float()
    order = torch.arange(2 * samples)
    return Binary.of(points.reshape(-1, *shape), classes > 0, order, samples)
