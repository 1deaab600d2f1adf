"""Interpolation with the tangent kernel of an infinitely wide network of two layers."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import linalg

from rlgen.errors import ProtocolError, nearest
from rlgen.util.seeding import stream
from rlgen_protocols.xu2021 import points as space
from rlgen_protocols.xu2021.errors import Floats

NAME = "xu2021"
#: The authors' lengths of training points, range of tests, and of the weights of the target.
RADIUS, FAR, WEIGHTS = 5.0, 20.0, 20.0
#: How many of the opposites of an orthogonal basis are training points too.
SETS = {"basis-and-opposites": 0, "one-opposite-missing": 1, "basis": None}


def kernel(x: Floats, y: Floats) -> Floats:
    """The tangent kernel of a two-layer ReLU network without biases.

    The authors' ``feedforward/NTK.py``, ``kernel_paper``.

    Args:
        x: ``(N, D)``, none 0.
        y: ``(M, D)``, none 0.

    Returns:
        ``<x, y> (pi - angle) / (2 pi)``, ``(N, M)``.

    Example:
        >>> kernel(np.array([[3.0, 4.0]]), np.array([[3.0, 4.0], [-4.0, 3.0], [-3.0, -4.0]]))
        array([[12.5,  0. , -0. ]])
    """
    inner = x @ y.T
    lengths = np.linalg.norm(x, axis=1)[:, None] * np.linalg.norm(y, axis=1)
    angles = np.arccos(np.clip(inner / lengths, -1, 1))
    values: Floats = inner * (np.pi - angles) / (2 * np.pi)
    return values


def interpolated(train: Floats, labels: Floats, test: Floats) -> tuple[Floats, Floats]:
    """Kernel regression without ridge.

    Args:
        train: ``(N, D)``.
        labels: ``(N,)``.
        test: ``(M, D)``.

    Returns:
        Coefficients ``(N,)`` and predictions ``(M,)``.
    """
    coefficients = linalg.solve(kernel(train, train), labels, assume_a="sym")
    return coefficients, kernel(test, train) @ coefficients


def run(*, seed: int, training: str, dimension: int, tests: int) -> Mapping[str, Any]:
    """Learn a linear function from a turned basis, with all, some or none of its opposites.

    Returns:
        See the paper's ``experiments``.

    Raises:
        ProtocolError: For an unknown training set.
    """
    if training not in SETS:
        raise ProtocolError(
            f"training = {training!r}: unknown training set{nearest(training, SETS)}"
        )
    rng = stream(seed, NAME, "tangent kernel")
    basis = RADIUS * np.linalg.qr(rng.uniform(-1, 1, (dimension, dimension)))[0].T
    weights = rng.uniform(-WEIGHTS, WEIGHTS, dimension)
    missing = SETS[training]
    train = np.concatenate([basis, -basis[dimension if missing is None else missing :]])
    test = space.drawn("ball", FAR, tests, dimension, rng)
    _, predictions = interpolated(train, train @ weights, test)
    truth = test @ weights
    error = np.linalg.norm(predictions - truth) / np.linalg.norm(truth)
    return {"error": float(error)}
