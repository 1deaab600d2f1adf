"""Kernel ridge regression with an intercept, its penalty by cross-validation."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
#: Penalties, as shares of the mean diagonal entry of the centred kernel.
PENALTIES = tuple(10.0**k for k in range(-10, 3))
FOLDS = 5


@dataclass(frozen=True)
class Fit:
    """What was chosen, and what it says of new graphs.

    Attributes:
        kernel: Number of the kernel.
        penalty: One of ``PENALTIES``.
        predictions: ``(tests,)``.
    """

    kernel: int
    penalty: float
    predictions: Floats


def predictions(gram: Floats, targets: Floats, train: Ints, tests: Ints) -> Floats:
    """Ridge regression with each of ``PENALTIES``, ``(penalties, tests)``.

    Args:
        gram: Of all graphs.
        targets: Of all graphs; those of ``tests`` are not looked at.
        train: Places of the training graphs.
        tests: Places of those whose targets are wanted.
    """
    own, other = gram[np.ix_(train, train)], gram[np.ix_(tests, train)]
    means = own.mean(axis=0)
    centred = own - means - means[:, None] + means.mean()
    crossed = other - other.mean(axis=1, keepdims=True) - means + means.mean()
    middle = targets[train].mean()
    values, vectors = np.linalg.eigh(centred)
    values = np.maximum(values, 0)
    unit = values.mean() or 1.0  # a kernel that is constant predicts the mean
    rotated = vectors.T @ (targets[train] - middle)
    weights = rotated[:, None] / (values[:, None] + unit * np.array(PENALTIES))
    out: Floats = middle + (crossed @ (vectors @ weights)).T
    return out


def fit(
    grams: Sequence[Floats], targets: Floats, train: Ints, tests: Ints, rng: np.random.Generator
) -> Fit:
    """Choose kernel and penalty by five folds of the training graphs, and fit all of them.

    Args:
        grams: Of all graphs, one a kernel.
        targets: Of all graphs; those of ``tests`` are not looked at.
        train: Places of the training graphs.
        tests: Places of those whose targets are wanted.
        rng: Draws the folds.
    """
    folds = np.array_split(rng.permutation(train), FOLDS)
    errors = np.zeros((len(grams), len(PENALTIES)))
    for k, gram in enumerate(grams):
        for fold in folds:
            rest = np.setdiff1d(train, fold)
            errors[k] += ((predictions(gram, targets, rest, fold) - targets[fold]) ** 2).sum(axis=1)
    kernel, penalty = divmod(int(errors.argmin()), len(PENALTIES))
    best = predictions(grams[kernel], targets, train, tests)[penalty]
    return Fit(kernel, PENALTIES[penalty], best)
