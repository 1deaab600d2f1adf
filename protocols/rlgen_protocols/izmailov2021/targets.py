"""Densities whose answer is known: the sampler and its diagnostics are calibrated on them.

Each is called as a ``Posterior``: points ``(C, D)`` to log densities ``(C,)`` and gradients.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Gaussian:
    """A Gaussian with a mean ``(D,)`` and a covariance ``(D, D)``."""

    mean: Tensor
    covariance: Tensor

    def __call__(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Log density up to a constant, and its gradient."""
        offset = points - self.mean
        pull = torch.linalg.solve(self.covariance, offset.T).T
        return -(offset * pull).sum(1) / 2, -pull


@dataclass(frozen=True)
class TwoModes:
    """An even mixture of two Gaussians of variance 1 at plus and minus ``distance``, on a line."""

    distance: float

    def __call__(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Log density up to a constant, and its gradient."""
        modes = torch.tensor([-self.distance, self.distance], dtype=points.dtype)
        exponents = -((points - modes) ** 2) / 2
        nearer = torch.softmax(exponents, 1)
        gradient = (nearer * (modes - points)).sum(1, keepdim=True)
        return torch.logsumexp(exponents, 1), gradient


@dataclass(frozen=True)
class LinearSoftmax:
    """The posterior of a softmax regression without biases.

    Attributes:
        inputs: ``(N, d)``.
        goals: Label distributions, ``(N, A)``.
        prior_var: Variance of the Gaussian prior of every weight.
        temperature: Of the posterior.
    """

    inputs: Tensor
    goals: Tensor
    prior_var: float
    temperature: float = 1.0

    def __call__(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Log density up to a constant, and its gradient, at weights ``(C, d * A)``."""
        weights = points.view(len(points), self.inputs.shape[1], self.goals.shape[1])
        logs = torch.log_softmax(self.inputs @ weights, 2)
        value = (logs * self.goals).sum((1, 2)) - (points**2).sum(1) / (2 * self.prior_var)
        gradient = self.inputs.T @ (self.goals - logs.exp())
        gradient = gradient.reshape(len(points), -1) - points / self.prior_var
        return value / self.temperature, gradient / self.temperature
