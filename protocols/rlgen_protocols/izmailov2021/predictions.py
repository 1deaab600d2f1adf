"""Action probabilities of sets of networks, and what becomes of weights of dead inputs.

A weight whose input is 0 in all training states has no likelihood gradient: under the posterior it
is distributed as its prior is, tempered, and HMC need not move it. It is drawn when predictions are
made; a mode has it at 0, and a network trained without decay where it began.
"""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rlgen_protocols.izmailov2021.posterior import Shape

Floats = NDArray[np.float64]
#: Networks at a time.
CHUNK = 8


def drawn(rng: np.random.Generator, shape: Shape, networks: int, dead: int, scale: float) -> Tensor:
    """Weights of dead inputs from the prior, ``(M, H, n_dead)``.

    Args:
        rng: Draws them.
        shape: Of the networks.
        networks: ``M``.
        dead: Number of dead inputs.
        scale: Standard deviation; 0 for a mode.
    """
    if not scale:
        return torch.zeros(networks, shape.hidden, dead, dtype=torch.float64)
    return torch.from_numpy(rng.standard_normal((networks, shape.hidden, dead)) * scale)


def whole(shape: Shape, weights: Tensor, dead: Tensor, live: NDArray[np.bool_]) -> Tensor:
    """First-layer weights of all inputs with biases last, ``(M, H, d + 1)``."""
    first = shape.parts(weights)[0]
    full = torch.empty(len(weights), shape.hidden, len(live) + 1, dtype=torch.float64)
    mask = torch.from_numpy(live)
    full[:, :, :-1][:, :, mask] = first[:, :, :-1]
    full[:, :, :-1][:, :, ~mask] = dead
    full[:, :, -1] = first[:, :, -1]
    return full


def predicted(
    shape: Shape, weights: Tensor, dead: Tensor, live: NDArray[np.bool_], inputs: Tensor
) -> Iterator[Tensor]:
    """Action probabilities, ``(m, A, N)`` for ``m`` networks after another.

    Args:
        shape: Of the networks without dead inputs.
        weights: ``(M, D)``.
        dead: Weights of dead inputs, ``(M, H, n_dead)``.
        live: Which inputs are live, ``(d,)``.
        inputs: ``(d + 1, N)``, see ``columns``.
    """
    for i in range(0, len(weights), CHUNK):
        some = weights[i : i + CHUNK]
        first = whole(shape, some, dead[i : i + CHUNK], live)
        _, second, bias = shape.parts(some)
        units = (first.view(-1, first.shape[2]) @ inputs).tanh_()
        units = units.view(len(some), shape.hidden, -1)
        yield torch.softmax(torch.baddbmm(bias, second, units), 1)


def average(chunks: Iterator[Tensor], networks: int) -> Floats:
    """The model average: the mean of the networks' probabilities, ``(N, A)``."""
    total = sum((chunk.sum(0) for chunk in chunks), torch.zeros(()))
    return np.asarray((total / networks).T.numpy())
