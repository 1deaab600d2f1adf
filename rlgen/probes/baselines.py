"""Numbers that a probe has to beat before it says anything (method A, 0.4).

Whatever grows with the number of training levels, or with how far a network was trained, orders the
gap a little.
"""

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from rlgen.agents.controls.base import all_observations
from rlgen.evaluation import exact
from rlgen.levels.capabilities import as_tabular
from rlgen.levels.family import Family, Levels
from rlgen.probes import cases
from rlgen.probes.base import Identity, Measured
from rlgen.probes.subject import Pool, Subject


def fit(subject: Subject, *, seed: int) -> Mapping[str, Measured]:
    """How well the policy fits the planner's labels on training states; ``BASELINES``."""
    del seed
    return _fit(subject, "train")


def held_out_fit(subject: Subject, *, seed: int) -> Mapping[str, Measured]:
    """The same on held-out states."""
    del seed
    return _fit(subject, "test")


def _fit(subject: Subject, pool: Pool) -> Mapping[str, Measured]:
    states = subject.states(pool)
    probabilities, labels = subject.probabilities(states.observations), states.labels
    assert labels is not None, "it needs tabular levels"
    chosen = probabilities.argmax(axis=1)
    accuracy = float((labels[np.arange(len(labels)), chosen] > 0).mean())
    excess = excess_nll(probabilities, labels)
    impossible = "an optimal action has the probability 0, as of a greedy policy"
    return {
        "accuracy": Measured(accuracy),
        "excess_nll": Measured(excess) if np.isfinite(excess) else Measured.none(impossible),
    }


def excess_nll(probabilities: NDArray[np.float64], labels: NDArray[np.float64]) -> float:
    """Mean cross-entropy to the labels minus their own entropy, in nats (method A, 0.2).

    Args:
        probabilities: ``(N, A)``.
        labels: ``(N, A)``, distributions.

    Returns:
        0 where they agree; infinite where an action of positive label has the probability 0.

    Example:
        >>> labels = np.array([[0.5, 0.5, 0.0]])
        >>> round(excess_nll(np.array([[0.25, 0.25, 0.5]]), labels), 4)
        0.6931
    """
    some = labels > 0
    with np.errstate(divide="ignore"):
        ratios = np.log(labels[some]) - np.log(probabilities[some])
    return float((labels[some] * ratios).sum() / len(labels))


def confidence(subject: Subject, *, seed: int) -> Mapping[str, Measured]:
    """Mean probability of the most probable action in held-out states; ``BASELINES``."""
    del seed
    if not subject.policy.stochastic:
        return {"confidence": Measured.none("the policy is greedy: it draws no actions")}
    probabilities = subject.probabilities(subject.states("test").observations)
    return {"confidence": Measured(float(probabilities.max(axis=1).mean()))}


def dead_inputs(subject: Subject, *, seed: int) -> Mapping[str, Measured]:
    """The share u(n) of all held-out states that light an input no training state lights."""
    del seed
    dead = ~lit(subject.family, subject.levels("train"))
    hit, count = 0, 0
    for observations in _observed(subject.family, subject.levels("test")):
        hit += int((observations[:, dead] != 0).any(axis=1).sum())
        count += len(observations)
    return {"share": Measured(hit / count)}


def lit(family: Family, levels: Levels) -> NDArray[np.bool_]:
    """Which inputs are not 0 in some state of the levels, ``(D,)`` of flattened observations.

    Args:
        family: A family whose levels are tabular.
        levels: At least one.
    """
    parts = [(observations != 0).any(axis=0) for observations in _observed(family, levels)]
    together: NDArray[np.bool_] = np.logical_or.reduce(parts)
    return together


def _observed(family: Family, levels: Levels) -> Iterator[NDArray[np.generic]]:
    tabular = as_tabular(family, "dead inputs")
    for chunk in exact.chunks(tabular, levels):
        observations = all_observations(chunk)
        yield observations.reshape(len(observations), -1)


def fit_identity() -> Identity:
    """A policy that is its labels, in training and on held-out levels."""
    return Identity(cases.labelled(cases.split()), {"accuracy": 1.0, "excess_nll": 0.0})


def confidence_identity() -> Identity:
    """The uniform policy."""
    subject = cases.uniform(cases.split())
    return Identity(subject, {"confidence": 1 / subject.family.n_actions})


def dead_inputs_identity() -> Identity:
    """Training levels so many that together they light every input."""
    return Identity(cases.uniform(cases.split(n_train=cases.MANY)), {"share": 0.0})
