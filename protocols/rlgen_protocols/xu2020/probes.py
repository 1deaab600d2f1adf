"""Probe: whether a network's features hold what Bellman and Ford would compute.

The nearer they are to it, the better its structure is aligned with the algorithm that plays: the
distances of the cells around the agent to the object that the planner takes next.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from rlgen.evaluation import planner
from rlgen.levels.capabilities import Graphed, GraphView, as_tabular
from rlgen.levels.family import Family, Levels
from rlgen.levels.split import Split, draw_split
from rlgen.levels.tabular import TabularLevels
from rlgen.probes import cases
from rlgen.probes.base import Identity, Measured
from rlgen.probes.states import States, listed
from rlgen.probes.subject import Pool, Subject
from rlgen_protocols.graphs.mazes import of_pictures

#: Ridge penalties a state, of standardised features, of which the training states choose one.
PENALTIES = tuple(10.0**k for k in range(-10, 3))
#: Training, validation and test levels of the identity case.
_FEW = 3


def value_alignment(subject: Subject, *, seed: int) -> Mapping[str, Measured]:
    """Regress distances to the next object on features; see ``experiments.PROBES``."""
    del seed
    if not isinstance(subject.family, Graphed):
        raise subject.unsuitable("its observations show no graph of free cells")
    pools: tuple[Pool, Pool] = ("train", held_out_pool(subject.split))
    near, far = (_valued(subject, pool) for pool in pools)
    features = subject.features()
    with torch.no_grad():
        hidden = [features(own.observations).flatten(1).numpy() for own in (near, far)]
    pixels = [own.observations.flatten(1).numpy() for own in (near, far)]
    if not near.values.std(axis=0).any():
        alike = Measured.none("all training states have the same distances")
        return dict.fromkeys(("held_out", "training", "inputs"), alike)
    training, held_out = explained(hidden, near.values, far.values)
    return {
        "held_out": Measured(held_out),
        "training": Measured(training),
        "inputs": Measured(explained(pixels, near.values, far.values)[1]),
    }


def held_out_pool(split: Split) -> Pool:
    """Validation levels, which the gap is not measured on; test levels where there are none."""
    return "validation" if len(split.validation) else "test"


@dataclass(frozen=True)
class Valued:
    """States with their distances.

    Attributes:
        observations: float64 ``(N, *observation shape)``.
        values: float64 ``(N, A)``: steps from where each action leads to the object that the
            planner takes next.
    """

    observations: Tensor
    values: NDArray[np.float64]


def _valued(subject: Subject, pool: Pool) -> Valued:
    """States of a pool in which the planner has an object to go to.

    Raises:
        Unsuitable: If there are none.
    """
    states = subject.states(pool)
    values = distances(subject.family, subject.levels(pool), states)
    has_object = ~np.isnan(values).any(axis=1)
    if not has_object.any():
        raise subject.unsuitable("the planner takes no object on these levels")
    return Valued(states.tensor()[torch.from_numpy(has_object)], values[has_object])


def distances(family: Family, levels: Levels, states: States) -> NDArray[np.float64]:
    """Steps from where each action leads to the object that the planner takes next.

    Args:
        family: Tabular; its pictures show a graph.
        levels: Among them those of the states.
        states: As ``Subject.states`` lists them.

    Returns:
        ``(N, A)``; an action into a wall leads nowhere else; nan where the planner takes no object.
    """
    assert isinstance(family, Graphed), "its pictures show a graph"
    values = np.full((len(states), len(family.graph.moves)), np.nan)
    place = {int(level): k for k, level in enumerate(levels.ids)}
    for level in np.unique(states.levels):
        rows = np.flatnonzero(states.levels == level)
        tabular = as_tabular(family, "distances").tabular(levels.take([place[int(level)]]))
        values[rows] = _of_level(tabular, family.graph, states.observations[rows])
    return values


def _of_level(
    tabular: TabularLevels, view: GraphView, observations: NDArray[np.float32]
) -> NDArray[np.float64]:
    """``distances`` of some states of one level, by their observations ``(B, C, H, W)``."""
    every = tabular.observe(np.arange(tabular.n_states, dtype=np.int32))
    numbers = {picture.tobytes(): s for s, picture in enumerate(every)}
    own = np.array([numbers[o.astype(every.dtype).tobytes()] for o in observations])
    maze = of_pictures(every[:1], view)[0]
    steps = maze.distances()
    cell = np.full(maze.side, -1)
    cell[tuple(maze.cells.T)] = np.arange(maze.n)
    agents = cell[tuple(np.argwhere(every[:, view.agent])[:, 1:].T)]
    target = _targets(tabular, view, every, agents, cell)
    after = np.stack([_moved(maze.cells, cell, move) for move in view.moves], axis=1)
    values = steps[target[own, None], after[agents[own]]]
    return np.where(target[own, None] >= 0, values, np.nan)


def _targets(
    tabular: TabularLevels,
    view: GraphView,
    every: NDArray[np.uint8],
    agents: NDArray[np.int64],
    cell: NDArray[np.int64],
) -> NDArray[np.int64]:
    """The cell of the object that the planner takes next, by state; -1 for none."""
    action, end = planner.plan(tabular).action, tabular.n_states
    following = tabular.next_state[np.arange(end), action].astype(np.int64)
    objects = np.delete(every, view.agent, axis=1).reshape(end, -1)
    taken = following == end
    taken[~taken] = (objects[~taken] != objects[following[~taken]]).any(axis=1)
    cells = np.argwhere(cell >= 0)
    there = np.array([_moved(cells, cell, move) for move in view.moves])[action, agents]
    current = np.arange(end)
    for _ in range(tabular.horizon):
        current = np.where(taken[current], current, following[current])
    return np.where(taken[current], there[current], -1)


def _moved(
    cells: NDArray[np.int64], cell: NDArray[np.int64], move: tuple[int, int]
) -> NDArray[np.int64]:
    """The number of the cell that a move leads to from each cell: its own before a wall."""
    padded = np.pad(cell, 1, constant_values=-1)
    rows, columns = (cells + np.array(move) + 1).T
    there = padded[rows, columns]
    return np.where(there >= 0, there, np.arange(len(cells)))


def explained(
    features: list[NDArray[np.float64]],
    near: NDArray[np.float64],
    far: NDArray[np.float64],
) -> tuple[float, float]:
    """Shares of variance that a ridge regression explains, all targets together.

    Its penalty is that of the least leave-one-out error on the states that it is fitted on.

    Args:
        features: Of these states ``(N, F)``, and of others ``(M, F)``.
        near: Their targets ``(N, D)``, not all constant.
        far: Those of the others ``(M, D)``; distances are from the mean of ``near``.

    Returns:
        The share of the first, and of the others.
    """
    centre, spread = features[0].mean(axis=0), features[0].std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    standard = [(own - centre) / spread for own in features]
    middle = near.mean(axis=0)
    u, s, vt = np.linalg.svd(standard[0], full_matrices=False)
    along = u.T @ (near - middle)
    fits = [_left_out(u, s, along, near - middle, p * len(near)) for p in PENALTIES]
    penalty = PENALTIES[int(np.argmin(fits))] * len(near)
    weights = vt.T @ (along * (s / (s**2 + penalty))[:, None])
    shares = [
        1 - float(np.square(truth - middle - own @ weights).sum() / np.square(truth - middle).sum())
        for own, truth in zip(standard, (near, far), strict=True)
    ]
    return shares[0], shares[1]


def _left_out(
    u: NDArray[np.float64],
    s: NDArray[np.float64],
    along: NDArray[np.float64],
    targets: NDArray[np.float64],
    penalty: float,
) -> float:
    """The sum of squared leave-one-out errors of centred targets."""
    shrunk = s**2 / (s**2 + penalty)
    leverage = 1 / len(u) + (u**2 * shrunk).sum(axis=1)
    left = targets - u @ (along * shrunk[:, None])
    return float(np.square(left / np.maximum(1 - leverage, 1e-12)[:, None]).sum())


class Distances(nn.Module):
    """A trunk whose features are the distances themselves, looked up by observation."""

    def __init__(self, observations: Tensor, values: Tensor) -> None:
        super().__init__()
        self.register_buffer("observations", observations.flatten(1))
        self.register_buffer("values", values)

    def forward(self, x: Tensor) -> Tensor:
        """From ``(B, *observation shape)`` to ``(B, A)``."""
        own: Tensor = self.get_buffer("observations")
        nearest = torch.cdist(x.flatten(1), own.to(x.dtype)).argmin(dim=1)
        return self.get_buffer("values")[nearest].to(x.dtype)


def alignment_identity() -> Identity:
    """A network whose features are the distances: they explain themselves."""
    family = cases.split().family
    split = draw_split(family, _FEW, _FEW, _FEW)
    observations, values = zip(*_looked_up(split), strict=True)
    trunk = Distances(torch.cat(observations), torch.cat(values))
    actions = family.n_actions
    head = nn.Linear(actions, actions)
    with torch.no_grad():
        # The nearer, the more probable.
        head.weight.copy_(-torch.eye(actions))
        head.bias.zero_()
    subject = Subject.of_layers(trunk, head, split, name="the distances")
    return Identity(subject, {"held_out": 1.0, "training": 1.0}, 1e-6)


def _looked_up(split: Split) -> Iterator[tuple[Tensor, Tensor]]:
    """All states of training and validation levels with their distances, 0 where there are none."""
    for levels in (split.train, split.validation):
        states = listed(split.family, levels, None)
        values = np.nan_to_num(distances(split.family, levels, states))
        yield states.tensor(torch.float32), torch.from_numpy(values).float()
