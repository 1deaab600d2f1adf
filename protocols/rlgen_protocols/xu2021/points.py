"""Targets on points of Euclidean space, and where the points are drawn.

As the authors' ``feedforward/data_generation.py`` has them
(https://github.com/jinglingli/nn-extrapolate).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rlgen.errors import ProtocolError, nearest

Floats = NDArray[np.float64]
Target = Callable[[Floats], Floats]


@dataclass(frozen=True)
class Task:
    """A target with the sets on which it is learnt and asked.

    Attributes:
        dimension: Of the points.
        shape: "sphere" or "cube", of training points; test points of a sphere lie in a ball.
        radius: Of the training points: of the sphere, or half the side of the cube.
        far: Of the test points, likewise.
        positive: Whether all coordinates are positive.
    """

    dimension: int
    shape: str
    radius: float
    far: float
    positive: bool = False


#: The authors' settings of each target. Those of the cosine are times pi in their code too.
TASKS = {
    "quadratic": Task(8, "sphere", 1.0, 5.0),
    "cosine": Task(2, "cube", np.pi, 2 * np.pi),
    "root": Task(8, "cube", 2.0, 10.0, positive=True),
    "l1": Task(8, "sphere", 0.5, 10.0),
}


def task_named(name: str) -> Task:
    """The task of a target.

    Raises:
        ProtocolError: If there is none of this name.
    """
    if name not in TASKS:
        raise ProtocolError(f"target = {name!r}: unknown target{nearest(name, TASKS)}")
    return TASKS[name]


def target_named(name: str, rng: np.random.Generator) -> Target:
    """A target: from points ``(N, D)`` to numbers ``(N,)``.

    Args:
        name: One of ``TASKS``.
        rng: Draws the matrix of the quadratic form, entries uniform from -1 to 1.
    """
    dimension = TASKS[name].dimension
    matrix = rng.uniform(-1, 1, (dimension, dimension))
    targets: dict[str, Target] = {
        "quadratic": lambda x: np.einsum("ni,ij,nj->n", x, matrix, x),
        "cosine": lambda x: np.cos(np.pi * x).sum(axis=1),
        "root": lambda x: np.sqrt(x).sum(axis=1),
        "l1": lambda x: np.abs(x).sum(axis=1),
    }
    return targets[name]


def near(task: Task, n: int, rng: np.random.Generator) -> Floats:
    """Points as in training, ``(n, D)``."""
    return drawn(task.shape, task.radius, n, task.dimension, rng, positive=task.positive)


def far(task: Task, n: int, rng: np.random.Generator) -> Floats:
    """Points of the test, most of them out of the range of training, ``(n, D)``."""
    shape = "ball" if task.shape == "sphere" else task.shape
    return drawn(shape, task.far, n, task.dimension, rng, positive=task.positive)


def drawn(
    shape: str,
    radius: float,
    n: int,
    dimension: int,
    rng: np.random.Generator,
    *,
    positive: bool = False,
) -> Floats:
    """Draw points.

    Args:
        shape: "sphere": uniform on it; "ball": in a uniform direction at a uniform distance, so
            that more are near the centre than uniform in the ball; "cube": uniform in it.
        radius: Of sphere or ball, or half the side of the cube.
        n: How many.
        dimension: Of the points.
        rng: Draws them.
        positive: Whether a cube has positive coordinates only.
    """
    if shape == "cube":
        return rng.uniform(0.0 if positive else -radius, radius, (n, dimension))
    directions = rng.normal(size=(n, dimension))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    distances = rng.uniform(0, radius, (n, 1)) if shape == "ball" else radius
    points: Floats = directions * distances
    return points


def exits(task: Task, directions: Floats) -> Floats:
    """Where rays from the origin leave the training points.

    Args:
        task: Of which the points are.
        directions: Of length 1, ``(K, D)``.

    Returns:
        Distances ``(K,)``: the radius of a sphere; the first face of a cube that a ray meets.
    """
    if task.shape == "sphere":
        return np.full(len(directions), task.radius)
    exits: Floats = task.radius / np.abs(directions).max(axis=1)
    return exits
