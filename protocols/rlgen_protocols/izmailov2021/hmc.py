"""Full-batch Hamiltonian Monte Carlo, with its chains side by side as one tensor.

Kinetic energy ``|m|^2 / 2``; a trajectory has the length ``pi/2 * prior sd * sqrt(T)``. Unlike the
authors' code burn-in accepts or rejects as well, and a rejected proposal repeats the state: they
average over accepted proposals alone, which is biased (run_hmc.py).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

#: From points ``(C, D)`` to log densities ``(C,)`` and their gradients ``(C, D)``.
Density = Callable[[Tensor], tuple[Tensor, Tensor]]

#: The share of proposals that burn-in adapts the step size to, and how fast.
WANTED, RATE = 0.9, 0.3
#: The share of burn-in in which step sizes adapt.
ADAPTING = 0.8
#: Adaptation begins with this many steps a trajectory.
FIRST_STEPS = 10


def trajectory_length(prior_var: float, temperature: float) -> float:
    """A quarter of the period in which the prior alone would move a weight around."""
    return math.pi / 2 * math.sqrt(prior_var * temperature)


def leapfrog(
    density: Density, points: Tensor, momenta: Tensor, step: Tensor | float, steps: Tensor | int
) -> tuple[Tensor, Tensor, Tensor]:
    """Follow Hamilton's equations.

    Args:
        density: Log density with its gradient.
        points: ``(C, D)``.
        momenta: ``(C, D)``.
        step: Step size, of all chains or ``(C, 1)``.
        steps: Their number, of all chains or ``(C, 1)``; a chain that is done stands still.

    Returns:
        The last points and momenta, and the log densities there, ``(C,)``.
    """
    number, size = torch.as_tensor(steps), torch.as_tensor(step, dtype=points.dtype)
    value, gradient = density(points)
    for i in range(int(number.max())):
        moved = torch.where(i < number, size, 0.0)
        momenta = momenta + moved / 2 * gradient
        points = points + moved * momenta
        value, gradient = density(points)
        momenta = momenta + moved / 2 * gradient
    return points, momenta, value


@dataclass(frozen=True)
class Chains:
    """What HMC drew.

    Attributes:
        points: ``(S, C, D)``: ``S`` draws of ``C`` chains after burn-in.
        log_density: Of the draws, ``(S, C)``.
        acceptance: Share of the proposals after burn-in that each chain accepted, ``(C,)``.
        step_size: After burn-in, of all chains.
        steps: Leapfrog steps of a trajectory after burn-in.
        burn_in: Log densities in burn-in, ``(B, C)``.
    """

    points: Tensor
    log_density: Tensor
    acceptance: NDArray[np.float64]
    step_size: float
    steps: int
    burn_in: Tensor


def sample(
    density: Density,
    start: Tensor,
    rng: np.random.Generator,
    *,
    trajectory: float,
    draws: int,
    burn_in: int = 0,
    step_size: float | None = None,
    metropolis: bool = True,
) -> Chains:
    """Draw from a density.

    Args:
        density: Log density with its gradient.
        start: ``(C, D)``, where the chains start.
        rng: Draws momenta and accepts.
        trajectory: Length of a trajectory.
        draws: Trajectories after burn-in, one draw each.
        burn_in: Trajectories before them. In the first ``ADAPTING`` of them each chain's step size
            adapts to an acceptance of ``WANTED``; then all have the smallest.
        step_size: Of all chains; None to adapt it.
        metropolis: Whether proposals may be rejected; without it draws are those of another
            density, unless steps are small.
    """
    points, value = start.clone(), density(start)[0]
    first = trajectory / FIRST_STEPS if step_size is None else step_size
    size = torch.full((len(start), 1), first, dtype=start.dtype)
    adapting = int(ADAPTING * burn_in) if step_size is None else 0
    chain, values, accepted = [], [], []
    for i in range(burn_in + draws):
        if i == adapting:
            size = size.min().expand(len(start), 1)
        momenta = torch.from_numpy(rng.standard_normal(tuple(start.shape)))
        uniform = torch.from_numpy(rng.random(len(start)))
        steps = torch.ceil(trajectory / size - 1e-9)
        proposed, turned, new = leapfrog(density, points, momenta, size, steps)
        change = new - value + ((momenta**2).sum(1) - (turned**2).sum(1)) / 2
        chance = torch.nan_to_num(change, nan=-math.inf).clamp(max=0).exp()
        taken = uniform < chance if metropolis else torch.ones_like(uniform, dtype=torch.bool)
        points = torch.where(taken[:, None], proposed, points)
        value = torch.where(taken, new, value)
        if i < adapting:
            size = size * torch.exp(RATE * (chance - WANTED))[:, None]
        values.append(value)
        if i >= burn_in:
            chain.append(points)
            accepted.append(taken)
    return Chains(
        torch.stack(chain),
        torch.stack(values[burn_in:]),
        torch.stack(accepted).double().mean(0).numpy(),
        float(size.min()),
        math.ceil(trajectory / float(size.min()) - 1e-9),
        torch.stack(values[:burn_in]) if burn_in else torch.empty(0, len(start)),
    )
