"""P-values that stay honest when there are many of them (method 2.9).

A missing p-value stays nan but counts: the family was declared before it was known to be missing.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def holm(p: ArrayLike) -> Floats:
    """Holm's (1979) adjusted p-values: rejecting at alpha keeps the family-wise error at alpha.

    Args:
        p: ``(m,)``, one hypothesis each, in any order.

    Raises:
        ValueError: For a number outside [0, 1].
    """
    values, missing = _family(p)
    order = np.argsort(values)
    steps = np.minimum(values[order] * np.arange(len(values), 0, -1), 1.0)
    adjusted = np.empty_like(values)
    adjusted[order] = np.maximum.accumulate(steps)
    adjusted[missing] = np.nan
    return adjusted


def _family(p: ArrayLike) -> tuple[Floats, NDArray[np.bool_]]:
    values = np.asarray(p, float).ravel()
    missing = np.isnan(values)
    filled = np.where(missing, 1.0, values)
    if ((filled < 0) | (filled > 1)).any():
        raise ValueError(f"p-values must be from 0 to 1, not {values.tolist()}")
    return filled, missing
