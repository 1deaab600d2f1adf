"""What HMC is compared with: maximum a posteriori, SGLD and mean-field variational inference.

All work on minibatches whose likelihood is scaled to all states, and on several networks side by
side. Weights of inputs that are 0 in all training states are left out: ``predictions`` says what
becomes of them.
"""

import math

import numpy as np
import torch
from torch import Tensor

from rlgen_protocols.izmailov2021.posterior import Posterior, Shape, log_likelihood

BATCH = 128
#: Peak learning rate of Adam, which falls to 0 as half a cosine.
MAP_RATE, VI_RATE = 0.01, 0.01
#: The last step size of SGLD times the number of states, and how much larger its first one is.
SGLD_STEP, SGLD_FIRST = 0.1, 10.0
#: Steps of SGLD between two draws.
THINNED = 15
#: Networks from which each step of variational inference estimates its gradient.
REPARAMETRISED = 8


def untrained(shape: Shape, rng: np.random.Generator, networks: int, fan_in: int) -> Tensor:
    """Initial weights ``(M, D)``, as torch draws those of linear layers.

    Args:
        shape: Of the networks.
        rng: Draws them.
        networks: ``M``.
        fan_in: Inputs of a hidden unit, those included that ``shape`` leaves out.
    """
    weights = torch.from_numpy(rng.uniform(-1, 1, (networks, shape.size)))
    first = shape.hidden * (shape.inputs + 1)
    weights[:, :first] /= math.sqrt(fan_in)
    weights[:, first:] /= math.sqrt(shape.hidden)
    return weights


def _minibatch(
    posterior: Posterior, weights: Tensor, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """The estimated log-likelihood's gradient ``(M, D)``, each network on states of its own."""
    n = posterior.inputs.shape[1]
    drawn = torch.from_numpy(rng.integers(n, size=(len(weights), min(BATCH, n))))
    inputs = posterior.inputs.T[drawn].mT
    goals = posterior.goals.T[drawn].mT
    value, gradient = log_likelihood(posterior.shape, weights, inputs, goals)
    scale = n / drawn.shape[1]
    return value * scale, gradient * scale


def _cosine(progress: float) -> float:
    return (1 + math.cos(math.pi * progress)) / 2


def maximum(posterior: Posterior, start: Tensor, rng: np.random.Generator, steps: int) -> Tensor:
    """The weights at which Adam ends from each start ``(M, D)``: a mode of the posterior.

    An ensemble is several of them. With ``prior_var = inf`` nothing decays.
    """
    weights = start.clone()
    optimiser = torch.optim.Adam([weights], MAP_RATE)
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = MAP_RATE * _cosine(step / steps)
        _, gradient = _minibatch(posterior, weights, rng)
        weights.grad = weights / posterior.prior_var - gradient
        optimiser.step()
    return weights.detach()


def sgld(
    posterior: Posterior, start: Tensor, rng: np.random.Generator, draws: int, burn_in: int
) -> Tensor:
    """Stochastic gradient Langevin dynamics from each start.

    ``w <- w + step * g + sqrt(2 step) * noise``, with ``g`` the gradient of the log posterior that
    a minibatch estimates. Over burn-in the step size falls as half a cosine to its last value.

    Args:
        posterior: With its temperature.
        start: ``(C, D)``, modes.
        rng: Draws minibatches and noise.
        draws: Of each chain, ``THINNED`` steps apart.
        burn_in: Steps before them.

    Returns:
        ``(S, C, D)``.
    """
    last = SGLD_STEP / posterior.inputs.shape[1] * posterior.temperature
    weights, kept = start.clone(), []
    for step in range(burn_in + draws * THINNED):
        above = (SGLD_FIRST - 1) * _cosine(min(1.0, step / max(1, burn_in)))
        size = last * (1 + above)
        _, gradient = _minibatch(posterior, weights, rng)
        gradient = (gradient - weights / posterior.prior_var) / posterior.temperature
        noise = torch.from_numpy(rng.standard_normal(tuple(weights.shape)))
        weights = weights + size * gradient + math.sqrt(2 * size) * noise
        if step >= burn_in and (step - burn_in + 1) % THINNED == 0:
            kept.append(weights)
    return torch.stack(kept)


def mean_field(
    posterior: Posterior,
    start: Tensor,
    rng: np.random.Generator,
    draws: int,
    steps: int,
) -> Tensor:
    """Draws from the independent Gaussians that are nearest to the posterior.

    Nearest in Kullback-Leibler divergence from the posterior; standard deviations are softplus of
    what Adam moves, begin at .01, and gradients are reparametrised.

    Args:
        posterior: With its temperature.
        start: ``(D,)``, where the mean begins: a mode.
        rng: Draws minibatches and networks.
        draws: How many.
        steps: Of Adam.

    Returns:
        ``(S, D)``.
    """
    mean, raw = start.clone(), torch.full_like(start, math.log(math.expm1(0.01)))
    optimiser = torch.optim.Adam([mean, raw], VI_RATE)
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = VI_RATE * _cosine(step / steps)
        noise = torch.from_numpy(rng.standard_normal((REPARAMETRISED, len(mean))))
        spread = torch.nn.functional.softplus(raw)
        weights = mean + spread * noise
        _, gradient = _minibatch(posterior, weights, rng)
        pull = (weights / posterior.prior_var - gradient) / posterior.temperature
        mean.grad = pull.mean(0)
        # The entropy of the Gaussians is the sum of the logarithms of their spreads.
        raw.grad = ((pull * noise).mean(0) - 1 / spread) * torch.sigmoid(raw)
        optimiser.step()
    noise = torch.from_numpy(rng.standard_normal((draws, len(mean))))
    return mean.detach() + torch.nn.functional.softplus(raw.detach()) * noise
