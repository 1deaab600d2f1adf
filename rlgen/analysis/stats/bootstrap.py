"""Intervals from resampled statistics."""

import numpy as np

from rlgen.analysis.stats.intervals import ALIKE, Estimate, Floats, alike


def percentile(point: float, draws: Floats, confidence: float = 0.95) -> Estimate:
    """The percentile interval of replicates ``(R,)`` around the statistic of the data itself.

    Example:
        >>> interval = percentile(2.0, np.arange(5.0))
        >>> interval.mean, round(interval.low, 2), round(interval.high, 2)
        (2.0, 0.1, 3.9)
    """
    if not np.isfinite(draws).all():
        return Estimate(point, reason="the statistic is not a number for some resampled tables")
    if alike(draws, float(draws.std())):
        return Estimate(point, reason=ALIKE)
    low, high = np.quantile(draws, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Estimate(point, float(low), float(high), float(draws.var(ddof=1)))
