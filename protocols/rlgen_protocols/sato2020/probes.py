"""Probe: how much worse a policy acts in turned and mirrored copies of its own training states.

Copies are isomorphic to what was learnt: a policy that sees the maze as a graph acts in them as
well; one that recognises levels by the places of walls and objects does not.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from rlgen.agents.cloning import reproducible
from rlgen.levels.capabilities import Graphed
from rlgen.networks import network_named
from rlgen.probes import cases
from rlgen.probes.base import Identity, Measured
from rlgen.probes.subject import Pool, Subject
from rlgen.util.seeding import library_seed
from rlgen_protocols.graphs.symmetries import SYMMETRIES

#: Probabilities that differ by less are equally large.
SAME = 1e-5


def copy_gap(subject: Subject, *, seed: int) -> Mapping[str, Measured]:
    """Agreement with the planner on training states less that on their seven images."""
    del seed
    own, *images = agreements(subject, "train", 480)
    copies = float(np.mean(images))
    numbers = {"copy_gap": own - copies, "agreement": own, "copies": copies}
    return {name: Measured(value) for name, value in numbers.items()}


def agreements(subject: Subject, pool: Pool, at_most: int | None) -> list[float]:
    """Agreement with the planner on states of a pool, and on each of their seven images.

    Agreement is the share of states in which the most probable action is optimal; of several that
    are equally probable, the share of them that are.

    Raises:
        Unsuitable: If the family's observations show no graph, so that actions have no directions.
    """
    family = subject.family
    if not isinstance(family, Graphed):
        raise subject.unsuitable("its observations show no graph of cells that actions lead along")
    states = subject.states(pool, at_most)
    assert states.labels is not None, "it needs tabular levels"
    moves: Sequence[tuple[int, int]] = family.graph.moves
    shares = []
    for symmetry in SYMMETRIES:
        images = symmetry.boards(states.observations)
        labels = states.labels[:, symmetry.actions(moves)]
        shares.append(agreement(subject.probabilities(images), labels))
    return shares


def agreement(probabilities: NDArray[np.float64], labels: NDArray[np.float64]) -> float:
    """Share of states whose most probable action is optimal.

    Args:
        probabilities: ``(N, A)``.
        labels: ``(N, A)``; above 0 for optimal actions.
    """
    best = probabilities >= probabilities.max(axis=1, keepdims=True) - SAME
    right = (best & (labels > 0)).sum(axis=1) / best.sum(axis=1)
    return float(right.mean())


def copy_gap_identity() -> Identity:
    """An untrained graph network with a pointer head, which sees no directions."""
    split = cases.split()
    with reproducible(library_seed(0, "sato2020", "identity")):
        member = network_named("message-passing").for_family(split.family)
        trunk, width = member.build(split.family.observation_space)
        head = trunk.head(width, split.family.n_actions)
    return Identity(Subject.of_layers(trunk, head, split), {"copy_gap": 0.0})
