"""Cases whose answer is known, on which the sampler and its diagnostics are calibrated."""

import math
from collections.abc import Mapping

import numpy as np
import torch

from rlgen.agents.cloning import reproducible
from rlgen.util.seeding import stream
from rlgen_protocols.izmailov2021 import hmc, metrics
from rlgen_protocols.izmailov2021.posterior import Posterior, Shape, columns
from rlgen_protocols.izmailov2021.targets import Gaussian, LinearSoftmax, TwoModes

MEAN, COVARIANCE = (1.0, -2.0), ((1.0, 0.8), (0.8, 1.0))
#: A quarter of the period of a unit Gaussian.
QUARTER = math.pi / 2
CHAINS = 4
#: Starts and momenta over which the error of the energy is averaged.
ENERGY_STARTS = 200


@reproducible(0)
def gaussian(*, seed: int, draws: int, step_size: float, metropolis: bool) -> Mapping[str, float]:
    """Draw from a correlated Gaussian.

    Args:
        seed: Of all draws.
        draws: Of each of four chains.
        step_size: Of leapfrog.
        metropolis: Whether proposals may be rejected.
    """
    target = Gaussian(
        torch.tensor(MEAN, dtype=torch.float64), torch.tensor(COVARIANCE, dtype=torch.float64)
    )
    rng = stream(seed, "izmailov2021", "gaussian")
    start = torch.from_numpy(rng.standard_normal((CHAINS, 2)))
    run = hmc.sample(
        target,
        start,
        rng,
        trajectory=QUARTER,
        draws=draws,
        burn_in=20,
        step_size=step_size,
        metropolis=metropolis,
    )
    points = run.points.numpy()
    mean, covariance = points.mean(axis=(0, 1)), np.cov(points.reshape(-1, 2).T)
    r_hat = metrics.r_hat(points.mean(axis=0), points.var(axis=0, ddof=1), draws)
    return {
        "mean_1": float(mean[0]),
        "mean_2": float(mean[1]),
        "variance_1": float(covariance[0, 0]),
        "variance_2": float(covariance[1, 1]),
        "covariance": float(covariance[0, 1]),
        "largest_r_hat": float(r_hat.max()),
        "acceptance": float(run.acceptance.mean()),
        "energy_ratio": _energy_ratio(target, rng),
    }


def _energy_ratio(target: Gaussian, rng: np.random.Generator) -> float:
    """Root mean square of the energy's error at a step of .05 over that at half of it."""
    start, momenta = torch.from_numpy(rng.standard_normal((2, ENERGY_STARTS, 2)))
    before = target(start)[0] - (momenta**2).sum(1) / 2
    errors = []
    for step, steps in ((0.05, 20), (0.025, 40)):
        _, turned, value = hmc.leapfrog(target, start, momenta, step, steps)
        errors.append(((value - (turned**2).sum(1) / 2 - before) ** 2).mean().sqrt())
    return float(errors[0] / errors[1])


@reproducible(0)
def softmax(*, seed: int, draws: int, states: int) -> Mapping[str, float]:
    """Draw from the posterior of a softmax regression of two weights, and integrate it on a grid.

    Args:
        seed: Of the data and of all draws.
        draws: Of each of four chains.
        states: Data points.
    """
    rng = stream(seed, "izmailov2021", "softmax")
    inputs = torch.from_numpy(rng.standard_normal((states, 1)))
    goals = torch.from_numpy(np.eye(2)[rng.integers(2, size=states)])
    target = LinearSoftmax(inputs, goals, prior_var=1.0)
    start = torch.from_numpy(rng.standard_normal((CHAINS, 2)))
    run = hmc.sample(target, start, rng, trajectory=QUARTER, draws=draws, burn_in=40)
    drawn = float(torch.softmax(run.points, 2)[..., 0].mean())
    # Far enough that all of the prior is in it.
    line = torch.linspace(-6, 6, 401, dtype=torch.float64)
    grid = torch.cartesian_prod(line, line)
    density = torch.softmax(target(grid)[0], 0)
    integrated = float((density * torch.softmax(grid, 1)[:, 0]).sum())
    return {"drawn": drawn, "integrated": integrated, "difference": drawn - integrated}


@reproducible(0)
def dead_inputs(*, seed: int, draws: int, prior_var: float) -> Mapping[str, float]:
    """Draw from the posterior of a network one of whose inputs is always 0, without leaving it out.

    Args:
        seed: Of the data and of all draws.
        draws: Of each of four chains.
        prior_var: Variance of the prior of every weight.
    """
    rng = stream(seed, "izmailov2021", "dead-inputs")
    observations = rng.integers(2, size=(40, 3))
    observations[:, 2] = 0
    goals = np.eye(2)[(observations[:, 0] ^ observations[:, 1])]
    shape = Shape(3, 4, 2)
    target = Posterior(shape, columns(observations), torch.from_numpy(goals.T.copy()), prior_var)
    run = hmc.sample(
        target,
        target.prior(rng, CHAINS),
        rng,
        trajectory=hmc.trajectory_length(prior_var, 1.0),
        draws=draws,
        burn_in=40,
    )
    first = shape.parts(run.points.flatten(0, 1))[0]
    # The mean is known to be 0. A trajectory is a quarter of these weights' period, so that draws
    # are independent.
    dead = float((first[:, :, 2] ** 2).mean()) / prior_var
    error = math.sqrt(2 / first[:, :, 2].numel())
    live = float((first[:, :, :2] ** 2).mean()) / prior_var
    return {"dead_variance": dead, "standard_errors": (dead - 1) / error, "live_variance": live}


@reproducible(0)
def two_modes(*, seed: int, draws: int, distance: float) -> Mapping[str, float]:
    """Start chains at both of two modes, between which they may not find a way.

    Args:
        seed: Of all draws.
        draws: Of each of four chains.
        distance: Of the modes from 0, in standard deviations.
    """
    rng = stream(seed, "izmailov2021", "two-modes")
    start = torch.tensor([[-distance], [-distance], [distance], [distance]], dtype=torch.float64)
    run = hmc.sample(
        TwoModes(distance), start, rng, trajectory=QUARTER, draws=draws, burn_in=20, step_size=0.2
    )
    points = run.points[:, :, 0].numpy()
    r_hat = float(metrics.r_hat(points.mean(axis=0), points.var(axis=0, ddof=1), draws))
    return {"r_hat": r_hat, "acceptance": float(run.acceptance.mean())}
