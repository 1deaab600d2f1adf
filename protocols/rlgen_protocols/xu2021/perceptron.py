"""A network of two layers, trained on points."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812  # as everywhere in torch

from rlgen_protocols.xu2021.fitting import fit
from rlgen_protocols.xu2021.points import Floats, Target


def perceptron(dimension: int, width: int) -> nn.Sequential:
    """One hidden layer of ReLU units: from ``(N, dimension)`` to ``(N, 1)``.

    Args:
        dimension: Of the points.
        width: Number of units.
    """
    return nn.Sequential(nn.Linear(dimension, width), nn.ReLU(), nn.Linear(width, 1))


def train(
    network: nn.Module,
    target: Target,
    points: Floats,
    validation: Floats,
    rng: np.random.Generator,
    *,
    epochs: int,
    batch: int,
    rate: float,
    halve: int,
) -> list[float]:
    """Fit a target by squared error; returns the validation losses.

    Args:
        network: From points to one number, changed in place.
        target: What is fitted.
        points: ``(N, D)``.
        validation: Others, by which the epoch is chosen.
        rng: Shuffles.
        epochs: As of ``fitting.fit``, like the others.
        batch: See there.
        rate: See there.
        halve: See there.
    """
    (inputs, outputs), (others, theirs) = (
        (torch.from_numpy(x).float(), torch.from_numpy(target(x)).float()[:, None])
        for x in (points, validation)
    )
    return fit(
        network,
        len(points),
        lambda some: F.mse_loss(network(inputs[some]), outputs[some]),
        lambda: F.mse_loss(network(others), theirs).item(),
        rng,
        epochs=epochs,
        batch=batch,
        rate=rate,
        halve=halve,
    )


def values(network: nn.Module, points: Floats) -> Floats:
    """The network's numbers at points ``(..., D)``, float64 ``(...)``."""
    with torch.no_grad():
        outputs = network(torch.from_numpy(points).float())[..., 0]
    return np.asarray(outputs.double().numpy())
