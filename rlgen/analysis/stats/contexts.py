"""Default, interpolation and extrapolation of Packer et al. 2018 (section 4)."""

from collections.abc import Mapping, Sequence

import numpy as np

from rlgen.analysis.stats.intervals import NAN, Estimate, student

#: What each number is made of: range trained on, range tested on.
MADE_OF: Mapping[str, tuple[str, ...]] = {
    "default": ("DD",),
    "interpolation": ("RR",),
    "extrapolation": ("DR", "DE", "RE"),
}


def summarised(shares: Mapping[str, Mapping[int, float]]) -> dict[str, Estimate]:
    """The three numbers.

    Each run's share of solved episodes counts once; extrapolation is the geometric mean of three
    shares, taken seed by seed, so that its interval needs no assumption about them.

    Args:
        shares: By trained and tested range (``"DR"``: trained on D, tested on R) and by seed.

    Returns:
        By name, with Student's interval over seeds.
    """
    told = {}
    for name, parts in MADE_OF.items():
        seeds = set.intersection(*(set(shares.get(part, {})) for part in parts))
        each = [[shares[part][seed] for part in parts] for seed in sorted(seeds)]
        told[name] = _mean([geometric_mean(row) for row in each])
    return told


def geometric_mean(values: Sequence[float]) -> float:
    """Of shares; 0 if one of them is."""
    array = np.asarray(values, float)
    return float(np.exp(np.log(array).mean())) if (array > 0).all() else 0.0


def _mean(values: Sequence[float]) -> Estimate:
    array = np.asarray(values, float)
    if not len(array):
        return Estimate(NAN, reason="no seed has been trained on all ranges that are needed")
    mean = float(array.mean())
    if len(array) < 2:
        return Estimate(mean, reason="one seed has no interval")
    return student(mean, float(array.var(ddof=1)) / len(array), len(array) - 1)
