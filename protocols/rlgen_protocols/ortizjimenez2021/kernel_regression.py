"""Linear models whose loss is known in closed form: gradient descent on eigenvectors."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from rlgen.agents.cloning import reproducible, untrained
from rlgen.networks.plain import plain
from rlgen.util.seeding import library_seed
from rlgen_protocols.ortizjimenez2021 import kernel
from rlgen_protocols.ortizjimenez2021.eigen_tasks import NAME, one_output_kernel, points_of
from rlgen_protocols.ortizjimenez2021.fitting import descend
from rlgen_protocols.ortizjimenez2021.linearized import Linearized


def run(
    *, seed: int, family: str, network: str, points: int, tasks: int, steps: int
) -> Mapping[str, Any]:
    """Fit the first eigenvectors of a kernel by its linear model, with squared loss.

    Gradient descent with rate eta leaves ``(1 - eta lambda)^(2 t)`` of the loss of an eigenvector
    with eigenvalue lambda after t steps, which is ``exp(-2 eta lambda t)`` for small rates.

    Returns:
        See the paper's ``experiments``.
    """
    inputs, space, member = points_of(family, network, seed, points)
    with reproducible(library_seed(seed, NAME, "regression", network)):
        net = plain(*untrained(member, space, 1), torch.float64)
        values, vectors = torch.linalg.eigh(one_output_kernel(net, inputs))
        values, vectors = values.flip(0), vectors.flip(1)
        ranks = [2**k for k in range(tasks)]
        rate = float(0.5 / values[0])
        left, expected = [], []
        for rank in ranks:
            target = vectors[:, rank - 1 : rank]
            model = Linearized(kernel.precise(net), offset=False)
            optimiser = torch.optim.SGD(model.parameters(), rate)
            descend(
                model,
                lambda target=target: (inputs, target),  # type: ignore[misc]
                lambda outputs, labels: (outputs - labels).square().sum() / 2,
                optimiser,
                steps,
            )
            with torch.no_grad():
                left.append(float((model(inputs) - target).square().sum()))
            expected.append(float((1 - rate * values[rank - 1]) ** (2 * steps)))
    error = np.abs(np.array(left) - expected)
    return {
        "ranks": ranks,
        "left": left,
        "expected": expected,
        "largest_error": float(error.max()),
        "ordered": bool((np.diff(left[1:]) > 0).all()),
    }
