"""The ways in which a training pool becomes a policy: HMC's average, and what stands in for it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import inf

import numpy as np
import torch
from torch import Tensor

from rlgen.util.seeding import stream
from rlgen_protocols.izmailov2021 import approximations, metrics
from rlgen_protocols.izmailov2021.data import DataSet
from rlgen_protocols.izmailov2021.posterior import Posterior, Shape, columns
from rlgen_protocols.izmailov2021.predictions import average, drawn, predicted

HMC, CHAIN = "hmc", "hmc-chain"
MAP, TUNED, WEAK, UNDECAYED = "map", "map-tuned", "weak-decay", "no-decay"
SGLD, MFVI = "sgld", "mfvi"
#: What follows the name of a kind of network where it is an ensemble's.
ENSEMBLE = "-ensemble"
#: Networks whose prior is so wide that it hardly decays weights, as the paper's SGD has it.
WEAK_VAR = 10.0
#: Prior variances of which the validation levels choose one for MAP, and members of each trial.
TUNING, TRIALS = (0.02, 0.05, 0.1, 0.2, 0.5), 2
#: Chains of SGLD, which burn in for as many steps as a network is fitted, and the steps of fitting
#: for each draw of a chain; steps of variational inference for each of fitting, and its draws.
SGLD_CHAINS, SGLD_STEPS = 3, 6
MFVI_STEPS, MFVI_DRAWS = 2, 120


@dataclass(frozen=True)
class Networks:
    """Networks whose probabilities are averaged, or of which each is a policy.

    Attributes:
        shape: Without dead inputs.
        weights: ``(M, D)``.
        dead: Weights of dead inputs, ``(M, H, n_dead)``.
    """

    shape: Shape
    weights: Tensor
    dead: Tensor

    def predicted(self, of: DataSet, observations: Tensor) -> Iterator[Tensor]:
        """Probabilities ``(m, A, N)`` in states given as columns."""
        return predicted(self.shape, self.weights, self.dead, of.live, observations)

    def average(self, of: DataSet, observations: Tensor) -> metrics.Floats:
        """The model average, ``(N, A)``."""
        return average(self.predicted(of, observations), len(self.weights))

    def each(self, of: DataSet, observations: Tensor) -> metrics.Floats:
        """Probabilities of every network, ``(M, N, A)``."""
        return np.asarray(torch.cat(list(self.predicted(of, observations))).mT.numpy())


def shape_of(of: DataSet, hidden: int) -> Shape:
    """The network without the data set's dead inputs."""
    return Shape(int(of.live.sum()), hidden, of.train.tabular.n_actions)


def with_dead(
    of: DataSet, posterior: Posterior, weights: Tensor, rng: np.random.Generator
) -> Networks:
    """Draws from a posterior with their weights of dead inputs, which are those of the prior."""
    scale = (posterior.prior_var * posterior.temperature) ** 0.5
    dead = int((~of.live).sum())
    return Networks(
        posterior.shape, weights, drawn(rng, posterior.shape, len(weights), dead, scale)
    )


def ensembles(
    of: DataSet, validation: DataSet, posterior: Posterior, members: int, steps: int, seed: int
) -> tuple[dict[str, Networks], float]:
    """Networks that are trained rather than drawn: each kind, and the prior tuned for MAP.

    Args:
        of: What they are trained on.
        validation: The same with its validation levels held out.
        posterior: Of HMC.
        members: Networks of each kind.
        steps: Gradient steps of each.
        seed: Of initial weights and minibatches.

    Returns:
        By kind its members, and the prior variance that the validation levels chose.
    """
    variances = {MAP: posterior.prior_var, WEAK: WEAK_VAR, UNDECAYED: inf}
    variances[TUNED] = tuned = _tuned(of, validation, posterior, steps, seed)
    kinds = {
        kind: _trained(of, replace(posterior, prior_var=variance), members, steps, seed, kind)
        for kind, variance in variances.items()
    }
    return {kind: kinds[kind] for kind in (MAP, TUNED, WEAK, UNDECAYED)}, tuned


def _trained(
    of: DataSet, posterior: Posterior, members: int, steps: int, seed: int, kind: str
) -> Networks:
    shape, inputs = posterior.shape, len(of.live)
    rng = stream(seed, "izmailov2021", "trained", kind)
    start = approximations.untrained(shape, rng, members, inputs)
    weights = approximations.maximum(posterior, start, rng, steps)
    dead = torch.zeros(members, shape.hidden, inputs - shape.inputs, dtype=torch.float64)
    if posterior.prior_var == inf:  # they stay where they began
        dead = torch.from_numpy(rng.uniform(-1, 1, tuple(dead.shape)) / inputs**0.5)
    return Networks(shape, weights, dead)


def _tuned(of: DataSet, validation: DataSet, posterior: Posterior, steps: int, seed: int) -> float:
    """The prior variance whose modes lose least on the validation levels."""
    observations, optimal = columns(validation.observations), validation.held_out.optimal
    losses = {}
    for variance in TUNING:
        prior = replace(posterior, prior_var=variance)
        networks = _trained(of, prior, TRIALS, steps, seed, "trial")
        own = networks.each(of, observations)
        losses[variance] = float(np.mean([metrics.scores(p, optimal).nll for p in own]))
    return min(losses, key=lambda variance: losses[variance])


def approximate(
    of: DataSet, posterior: Posterior, modes: Tensor, steps: int, seed: int
) -> dict[str, Networks]:
    """Draws by SGLD from a few modes, and by mean-field variational inference around the first.

    Args:
        of: What the posterior is of.
        posterior: Of HMC.
        modes: ``(M, D)``.
        steps: By which modes were fitted.
        seed: Of the draws.
    """
    rng = stream(seed, "izmailov2021", SGLD)
    draws = approximations.sgld(posterior, modes[:SGLD_CHAINS], rng, steps // SGLD_STEPS, steps)
    langevin = with_dead(of, posterior, draws.flatten(0, 1), rng)
    rng = stream(seed, "izmailov2021", MFVI)
    gaussian = approximations.mean_field(posterior, modes[0], rng, MFVI_DRAWS, MFVI_STEPS * steps)
    return {SGLD: langevin, MFVI: with_dead(of, posterior, gaussian, rng)}
