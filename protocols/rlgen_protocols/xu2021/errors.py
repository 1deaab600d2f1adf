"""How far predictions are from targets in percent, and how straight a function is along rays."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
#: Targets nearer to 0 than this have no percentage.
LEAST = 1e-3


def percentages(predictions: Floats, targets: Floats) -> Floats:
    """Absolute errors in percent of the targets, of those that are not nearly 0.

    Args:
        predictions: ``(N,)``.
        targets: ``(N,)``.

    Returns:
        ``(M,)``, ``M <= N``.
    """
    some = np.abs(targets) >= LEAST
    shares: Floats = 100 * np.abs(predictions - targets)[some] / np.abs(targets[some])
    return shares


def lower_median(values: Floats) -> float:
    """The middle value, of an even number the lower of the two, as ``torch.median`` has it.

    Args:
        values: ``(N,)``; nan without any.
    """
    ordered = np.sort(values)
    return float(ordered[(len(ordered) - 1) // 2]) if len(ordered) else float("nan")


def line_fit(t: Floats, y: Floats) -> Floats:
    """The share of the variance of functions along rays that a straight line explains, R².

    Args:
        t: Distances along the rays, ``(T,)``.
        y: Values there, ``(D, T)``, a row a ray.

    Returns:
        ``(D,)``; 1 for a function that is constant along its ray: a line fits it exactly.
    """
    y = y - y.mean(axis=1, keepdims=True)
    centred = t - t.mean()
    slopes = y @ centred / (centred @ centred)
    left = ((y - slopes[:, None] * centred) ** 2).sum(axis=1)
    total = (y**2).sum(axis=1)
    fits: Floats = 1 - np.divide(left, total, out=np.zeros_like(left), where=total > 0)
    return fits
