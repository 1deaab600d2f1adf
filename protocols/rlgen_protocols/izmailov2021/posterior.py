"""The posterior over the weights of a small policy network, with its gradient by hand.

One hidden layer of tanh units and a softmax over actions, float64, for several networks side by
side. ``log p(w|D) = (sum_i sum_a y_ia log pi_w(a|s_i) - |w|^2 / (2 prior_var)) / T``: the
temperature divides both terms (losses.py of the authors' code).
"""

from dataclasses import dataclass
from math import inf

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True)
class Shape:
    """Sizes of the layers.

    Attributes:
        inputs: Numbers of an observation, without the constant one of the biases.
        hidden: Hidden units.
        actions: Actions.
    """

    inputs: int
    hidden: int
    actions: int

    @property
    def size(self) -> int:
        """Number of weights of one network, biases included."""
        return self.hidden * (self.inputs + 1) + self.actions * (self.hidden + 1)

    def parts(self, weights: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Weights ``(M, D)`` by layer.

        Returns:
            Those of the hidden units with their biases last, ``(M, H, d + 1)``, of the actions,
            ``(M, A, H)``, and the actions' biases, ``(M, A, 1)``.
        """
        first = self.hidden * (self.inputs + 1)
        second = first + self.actions * self.hidden
        return (
            weights[:, :first].reshape(-1, self.hidden, self.inputs + 1),
            weights[:, first:second].reshape(-1, self.actions, self.hidden),
            weights[:, second:].reshape(-1, self.actions, 1),
        )


def columns(observations: NDArray[np.generic]) -> Tensor:
    """Observations ``(N, ...)`` as columns with a one below them, float64 ``(d + 1, N)``."""
    flat = observations.reshape(len(observations), -1)
    return torch.from_numpy(
        np.ascontiguousarray(np.vstack([flat.T, np.ones(len(flat))]), dtype=np.float64)
    )


def log_likelihood(
    shape: Shape, weights: Tensor, inputs: Tensor, goals: Tensor
) -> tuple[Tensor, Tensor]:
    """Log-likelihood of soft labels, and its gradient.

    Args:
        shape: Of the networks.
        weights: ``(M, D)``.
        inputs: ``(d + 1, N)``, common to all, or ``(M, d + 1, N)``, of each its own.
        goals: Label distributions, ``(A, N)`` or ``(M, A, N)``.

    Returns:
        ``(M,)`` in nats, and ``(M, D)``.
    """
    first, second, bias = shape.parts(weights)
    m, n = len(weights), inputs.shape[-1]
    if inputs.dim() == 2:  # one product for all networks
        units = (first.reshape(m * shape.hidden, -1) @ inputs).view(m, shape.hidden, n)
    else:
        units = first @ inputs
    units.tanh_()
    logits = torch.baddbmm(bias, second, units)
    logits -= logits.amax(1, keepdim=True)
    chances = logits.exp()
    sums = chances.sum(1, keepdim=True)
    # Labels sum to one in each state.
    value = (logits * goals).sum((1, 2)) - sums.log().sum((1, 2))
    chances /= sums
    error = goals - chances
    to_second = error @ units.mT
    back = second.mT @ error
    units *= units
    back *= units.neg_().add_(1)
    common = inputs.dim() == 2
    to_first = back.view(m * shape.hidden, n) @ inputs.T if common else back @ inputs.mT
    gradients = (to_first, to_second, error.sum(2))
    return value, torch.cat([g.reshape(m, -1) for g in gradients], 1)


@dataclass(frozen=True)
class Posterior:
    """The density that HMC draws from, up to a constant.

    Attributes:
        shape: Of the networks.
        inputs: ``(d + 1, N)``, see ``columns``.
        goals: Label distributions, ``(A, N)``.
        prior_var: Variance of the Gaussian prior of every weight; ``inf`` for none.
        temperature: Of the posterior.
    """

    shape: Shape
    inputs: Tensor
    goals: Tensor
    prior_var: float
    temperature: float = 1.0

    def __call__(self, weights: Tensor) -> tuple[Tensor, Tensor]:
        """Log density ``(M,)`` and its gradient ``(M, D)`` at weights ``(M, D)``."""
        value, gradient = log_likelihood(self.shape, weights, self.inputs, self.goals)
        if self.prior_var < inf:
            value -= (weights * weights).sum(1) / (2 * self.prior_var)
            gradient -= weights / self.prior_var
        return value / self.temperature, gradient / self.temperature

    def prior(self, rng: np.random.Generator, networks: int) -> Tensor:
        """Draws from the prior, ``(M, D)``."""
        draws = rng.standard_normal((networks, self.shape.size))
        return torch.from_numpy(draws * self.prior_var**0.5)
