"""Percentile intervals, and where there are none."""

import numpy as np
import pytest

from rlgen.analysis.stats import bootstrap, intervals


def test_the_interval_is_that_of_the_quantiles():
    draws = np.arange(1001.0)
    wide, narrow = bootstrap.percentile(500.0, draws), bootstrap.percentile(500.0, draws, 0.5)
    assert (wide.mean, wide.low, wide.high) == pytest.approx((500, 25, 975))
    assert (narrow.low, narrow.high) == pytest.approx((250, 750))
    assert wide.variance == pytest.approx(draws.var(ddof=1))


def test_no_interval_and_why():
    assert bootstrap.percentile(1.0, np.ones(9)).reason == intervals.ALIKE
    broken = bootstrap.percentile(1.0, np.array([1.0, np.nan]))
    assert broken.mean == 1.0
    assert "is not a number for some resampled tables" in broken.reason
