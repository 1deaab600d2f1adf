"""How far a policy is from the Bayesian model average of its training levels."""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray

from rlgen.agents.cloning import reproducible
from rlgen.policies.base import Observations, Probabilities
from rlgen.policies.functions import FunctionPolicy
from rlgen.probes import cases
from rlgen.probes.base import Identity, Measured
from rlgen.probes.states import States
from rlgen.probes.subject import Subject
from rlgen.util.seeding import stream
from rlgen_protocols.izmailov2021 import hmc, measuring, metrics, predictions
from rlgen_protocols.izmailov2021.experiments import MIXED_SHARE
from rlgen_protocols.izmailov2021.posterior import Posterior, Shape, columns

#: The network, its prior, and the chains: those of the study's part ``few``, with fewer draws.
HIDDEN, PRIOR_VAR, CHAINS, DRAWS, BURN_IN = 16, 0.5, 3, 60, 40
#: Training levels from which on the states that are looked at are too few of each.
MOST_LEVELS = 20
NUMBERS = ("held_out", "training")


class Average:
    """The model average of some labelled states.

    Attributes:
        chains: Of each chain its weights, and those of dead inputs.

    Args:
        observations: ``(N, d)``.
        labels: Distributions, ``(N, A)``.
        seed: Of all draws.
    """

    def __init__(
        self, observations: NDArray[np.float32], labels: NDArray[np.float64], seed: int
    ) -> None:
        self.live = np.asarray(observations.any(axis=0))
        self.shape = Shape(int(self.live.sum()), HIDDEN, labels.shape[1])
        goals = torch.from_numpy(np.ascontiguousarray(labels.T))
        target = Posterior(self.shape, columns(observations[:, self.live]), goals, PRIOR_VAR)
        rng = stream(seed, "tv-to-bma")
        points = hmc.sample(
            target,
            target.prior(rng, CHAINS),
            rng,
            trajectory=hmc.trajectory_length(PRIOR_VAR, 1.0),
            draws=DRAWS,
            burn_in=BURN_IN,
        ).points
        n_dead, scale = int((~self.live).sum()), PRIOR_VAR**0.5
        self.chains = [
            (points[:, c], predictions.drawn(rng, self.shape, DRAWS, n_dead, scale))
            for c in range(CHAINS)
        ]

    def predict(self, observations: NDArray[np.float32]) -> tuple[Probabilities, bool]:
        """Action probabilities ``(N, A)`` in states ``(N, d)``, and whether the chains mixed."""
        inputs = columns(observations)
        running = [
            measuring.Running().add(
                predictions.predicted(self.shape, weights, dead, self.live, inputs)
            )
            for weights, dead in self.chains
        ]
        share = (measuring.function_r_hat(running) < metrics.MIXED).mean()
        return np.mean([chain.mean for chain in running], axis=0), bool(share >= MIXED_SHARE)


@lru_cache(maxsize=4)
def _average(observations: bytes, labels: bytes, n: int, seed: int) -> Average:
    """Drawn once for each pool: every policy of a study that learnt from it is compared with it."""
    own = np.frombuffer(observations, np.float32).reshape(n, -1)
    return Average(own, np.frombuffer(labels, np.float64).reshape(n, -1), seed)


def _flat(observations: Observations, subject: Subject) -> NDArray[np.float32]:
    """Observations ``(N, d)`` as parts of the largest that they can be."""
    high = float(getattr(subject.family.observation_space, "high", np.ones(1)).max())
    scale = max(1.0, high) if np.isfinite(high) else 1.0
    return np.asarray(observations.reshape(len(observations), -1) / scale, np.float32)


def _of(subject: Subject, states: States, seed: int) -> Average:
    assert states.labels is not None, "it needs tabular levels"
    own = _flat(states.observations, subject)
    return _average(own.tobytes(), states.labels.tobytes(), len(own), seed)


def run(subject: Subject, *, seed: int) -> Mapping[str, Measured]:
    """The probe ``tv-to-bma``.

    Args:
        subject: A policy with action probabilities, on at most ``MOST_LEVELS`` training levels.
        seed: Of the draws.
    """
    if len(subject.levels("train")) > MOST_LEVELS:
        few = f"there are more than {MOST_LEVELS} training levels, too many for one posterior"
        return dict.fromkeys(NUMBERS, Measured.none(few))
    train, test = subject.states("train"), subject.states("test")
    measured = {}
    with reproducible(0):
        average = _of(subject, train, seed)
        for name, states in (("held_out", test), ("training", train)):
            ours, mixed = average.predict(_flat(states.observations, subject))
            apart = metrics.total_variation(subject.probabilities(states.observations), ours)
            unmixed = Measured.none("the chains of the posterior did not mix")
            measured[name] = Measured(apart) if mixed else unmixed
    return measured


def identity() -> Identity:
    """The model average itself, of the probe's own draws at seed 0."""
    split = cases.split()
    own = Subject(FunctionPolicy(lambda x: x, split.family.n_actions), split)
    average = _of(own, own.states("train"), 0)

    def act(observations: Observations) -> Probabilities:
        return average.predict(_flat(observations, own))[0]

    subject = Subject(FunctionPolicy(act, split.family.n_actions), split, "the model average")
    return Identity(subject, dict.fromkeys(NUMBERS, 0.0), tolerance=1e-6)
