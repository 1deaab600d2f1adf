"""Probe: how often a trunk gives nearly the same features to states that need different actions."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from rlgen.probes import cases
from rlgen.probes.base import Identity, Measured
from rlgen.probes.subject import Subject
from rlgen.util.seeding import stream

#: Pairs of states, and how near two of them are, as a share of the median distance.
PAIRS, NEAR = 2000, 0.1


def collapse_rate(subject: Subject, *, seed: int) -> Mapping[str, Measured]:
    """Share of pairs of training states without a common optimal action that features nearly merge.

    Features are those before the head. 0 for features that tell all states well apart, 1 for
    constant ones.
    """
    states = subject.states("train")
    assert states.labels is not None, "it needs tabular levels"
    rng = stream(seed, "xu2019", "collapse")
    pairs = disjoint(states.labels > 0, rng)
    if not len(pairs):
        reason = Measured.none("any two of its training states have a common optimal action")
        return {"collapse_rate": reason, "median_distance": reason}
    with torch.no_grad():
        features = subject.features()(states.tensor()).numpy()
    apart = np.linalg.norm(features[pairs[:, 0]] - features[pairs[:, 1]], axis=1)
    median = float(np.median(apart))
    size = float(np.sqrt(np.square(features).sum(axis=1).mean()))
    return {
        "collapse_rate": Measured(float(np.mean(apart <= NEAR * median))),
        "median_distance": Measured(median / size if size else 0.0),
    }


def disjoint(optimal: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.int64]:
    """``PAIRS`` pairs at most of states without a common optimal action, drawn from all of them.

    Args:
        optimal: bool ``(N, A)``.
        rng: Draws them, without replacement.

    Returns:
        int64 ``(P, 2)``.
    """
    common = optimal.astype(np.int64) @ optimal.T.astype(np.int64)
    pairs = np.argwhere(np.triu(common == 0, k=1))
    chosen = rng.permutation(len(pairs))[:PAIRS]
    return pairs[np.sort(chosen)]


def collapse_rate_identity() -> Identity:
    """A network whose features are the observation itself: no two states are near."""
    split = cases.split()
    size = int(np.prod(split.family.observation_space.shape))
    head = nn.Linear(size, split.family.n_actions)
    return Identity(Subject.of_layers(nn.Flatten(), head, split), {"collapse_rate": 0.0})
