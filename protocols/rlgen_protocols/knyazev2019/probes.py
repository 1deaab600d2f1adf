"""Probe: whether a policy attends to what the planner still has to do.

A policy without attention has one all the same: how much its choice changes when a cell is covered.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from rlgen.evaluation import planner
from rlgen.levels.capabilities import Graphed, GraphView, as_tabular
from rlgen.probes import cases
from rlgen.probes.base import Identity, Measured
from rlgen.probes.states import ordered
from rlgen.probes.subject import Subject
from rlgen_protocols.knyazev2019.attention import auc
from rlgen_protocols.knyazev2019.paths import ahead

#: Held-out states that are looked at.
STATES = 64


@dataclass(frozen=True)
class Scene:
    """A state, and what of it matters.

    Attributes:
        picture: float32 ``(C, H, W)``.
        action: The planner's.
        cells: int64 ``(n, 2)``; rows and columns of the free cells but the agent's.
        ahead: Bool ``(n,)``; whether the planner's remaining path leads over the cell: with the
            objects that it will take, which lie there.
    """

    picture: NDArray[np.float32]
    action: int
    cells: NDArray[np.int64]
    ahead: NDArray[np.bool_]


def attribution(subject: Subject, *, seed: int) -> Mapping[str, Measured]:
    """How well the effects of covering cells tell the planner's path from other cells; ``PROBES``.

    Raises:
        Unsuitable: If the family's pictures show no graph of cells.
    """
    del seed  # nothing is drawn
    view = getattr(subject.family, "graph", None)
    if not isinstance(subject.family, Graphed) or not isinstance(view, GraphView):
        raise subject.unsuitable("its observations show no cells that could be covered")
    module = subject.module()
    values = []
    for scene in scenes(subject, view):
        value = auc(effects(module, scene, view), scene.ahead)
        if np.isfinite(value):
            values.append(value)
    if not values:
        return {"auc": Measured.none("no state has cells on the planner's path and others")}
    return {"auc": Measured(float(np.mean(values)))}


def scenes(subject: Subject, view: GraphView) -> list[Scene]:
    """Held-out states, spread over the levels, that do not depend on how states are numbered.

    Args:
        subject: Its test levels are looked at.
        view: How their pictures show a graph.
    """
    states = subject.states("test", STATES)
    levels = ordered(subject.levels("test")).take(slice(0, STATES))
    tabular = as_tabular(subject.family, "covered cells").tabular(levels)
    actions = planner.plan(tabular).action
    pictures = tabular.observe(np.arange(tabular.n_states, dtype=np.int32))
    paths = ahead(tabular, actions, pictures, view)
    level = np.repeat(levels.ids, np.diff(tabular.offsets))
    # The whole maze is shown, so that no two states of a level look alike.
    numbers = {
        (int(of), p.tobytes()): n for n, (of, p) in enumerate(zip(level, pictures, strict=True))
    }
    scenes = []
    for of, picture in zip(states.levels, states.observations, strict=True):
        number = numbers[int(of), picture.astype(pictures.dtype).tobytes()]
        cells = (picture[view.walls] == 0) & (picture[view.agent] == 0)
        path = paths[number][cells]
        scenes.append(Scene(picture, int(actions[number]), np.argwhere(cells), path))
    return scenes


def effects(module: nn.Module, scene: Scene, view: GraphView) -> NDArray[np.float64]:
    """By how much covering each cell changes the log-probability of the planner's action, ``(n,)``.

    An object is taken away; an empty cell becomes a wall.

    Args:
        module: From float64 pictures to logits.
        scene: The state.
        view: How pictures show a graph.
    """
    rows, columns = scene.cells.T
    number = np.arange(len(scene.cells))
    covered = np.repeat(scene.picture[None], len(scene.cells) + 1, axis=0)
    empty = (scene.picture[:, rows, columns] == 0).all(axis=0)
    covered[number, :, rows, columns] = 0
    covered[number[empty], view.walls, rows[empty], columns[empty]] = 1
    with torch.no_grad():
        logits = module(torch.from_numpy(covered).double())
    said = torch.log_softmax(logits, dim=1)[:, scene.action].numpy()
    changes: NDArray[np.float64] = np.abs(said[:-1] - said[-1])
    return changes


def attribution_identity() -> Identity:
    """A network that says the same of all states: every cell ties with every other."""
    split = cases.split()
    size = int(np.prod(split.family.observation_space.shape))
    head = nn.Linear(size, split.family.n_actions)
    nn.init.zeros_(head.weight)
    return Identity(Subject.of_layers(nn.Flatten(), head, split), {"auc": 0.5})
