"""Plain values compared."""

import pytest


def close(one, other):
    """Whether two plain values are equal, up to the last digits: processors add in other orders."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(close(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(close, one, other))
    if isinstance(one, float) and isinstance(other, int | float):
        return one == pytest.approx(other, rel=1e-6, abs=1e-9)
    return one == other
