"""Aggregates: definitions as worked, stacks, and what must not become a number."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rlgen.analysis.stats import aggregates
from rlgen.util.seeding import stream

NAN = float("nan")
SCORES = hnp.arrays(np.float64, st.integers(1, 30), elements=st.floats(-10, 10))
TABLES = hnp.arrays(
    np.float64, hnp.array_shapes(min_dims=3, max_dims=3), elements=st.floats(-10, 10)
)


@pytest.mark.parametrize("name", ["iqm", "iqm_n5"])
def test_iqm_as_worked(worked_examples, name):
    told = worked_examples[name]
    assert aggregates.iqm(np.array(told["scores"], float)) == pytest.approx(told["expect"])


@settings(deadline=None, max_examples=100)
@given(SCORES)
def test_iqm_is_scipys_trimmed_mean(scores):
    from scipy import stats

    assert aggregates.iqm(scores) == pytest.approx(stats.trim_mean(scores, 0.25, axis=None))
    assert aggregates.iqm(scores + 3) == pytest.approx(aggregates.iqm(scores) + 3)


def test_iqm_saturates_as_worked(worked_examples):
    told = worked_examples["iqm_binary_saturation"]
    for q, expect in zip(told["q"], told["expect"], strict=True):
        scores = (np.arange(1000) < round(1000 * q)) * 1.0
        assert aggregates.iqm(scores) == pytest.approx(expect)


def test_profile_as_worked(worked_examples):
    told = worked_examples["performance_profile"]
    found = aggregates.performance_profile(np.array(told["scores"]), told["tau"])
    assert found == pytest.approx(told["expect"])


def test_improvement_as_worked(worked_examples):
    told = worked_examples["prob_improvement"]
    x, y = np.array(told["x"]), np.array(told["y"])
    assert aggregates.probability_of_improvement(x, y) == pytest.approx(told["expect"])


@settings(deadline=None, max_examples=60)
@given(SCORES, SCORES)
def test_improvement_is_mann_whitneys_u(x, y):
    from scipy import stats

    found = aggregates.probability_of_improvement(x, y)
    with np.errstate(all="ignore"):
        expect = stats.mannwhitneyu(x, y, method="asymptotic").statistic / (len(x) * len(y))
    assert found == pytest.approx(expect)
    assert aggregates.probability_of_improvement(y, x) == pytest.approx(1 - found)


@settings(deadline=None, max_examples=60)
@given(TABLES)
def test_a_stack_is_its_tables_one_by_one(tables):
    tau = [-1.0, 0.0, 2.0]
    for statistic in (
        aggregates.iqm,
        lambda t: aggregates.performance_profile(t, tau),
        lambda t: aggregates.probability_of_improvement(t, t[..., ::-1, :] + 1),
    ):
        one_by_one = np.stack([statistic(table) for table in tables])
        assert statistic(tables) == pytest.approx(one_by_one)


@settings(deadline=None, max_examples=60)
@given(SCORES)
def test_a_profile_falls_from_all_to_none(scores):
    tau = np.linspace(-11, 11, 45)
    found = aggregates.performance_profile(scores, tau)
    assert (np.diff(found) <= 0).all()
    assert (found[0], found[-1]) == (1, 0)
    assert aggregates.performance_profile(scores, [scores.max()]) == 0


@pytest.mark.parametrize("bad", [np.array([1.0, 2.0, 3.0, 4.0, NAN]), np.empty(0)])
def test_unknown_scores_are_not_trimmed_away(bad):
    assert np.isnan(aggregates.iqm(bad))
    assert np.isnan(aggregates.performance_profile(bad, [0.0, 1.0])).all()
    assert np.isnan(aggregates.probability_of_improvement(bad, np.ones(2)))
    assert np.isnan(aggregates.probability_of_improvement(np.ones(2), bad))


def test_the_profile_has_a_band():
    rng = stream(0, "scores")
    scores = rng.standard_normal((8, 1)) + rng.standard_normal((1, 30))
    tau = np.linspace(-3, 3, 13)
    band = aggregates.profile_band(scores, tau)
    assert band.value == pytest.approx(aggregates.performance_profile(scores, tau))
    assert (band.low <= band.value).all()
    assert (band.value <= band.high).all()
    assert band.high[6] - band.low[6] > 0.2
    assert band.low.min() >= 0
    assert band.high.max() <= 1
    outside = aggregates.profile_band(scores, [-100.0, 100.0])
    assert outside.low.tolist() == outside.value.tolist() == outside.high.tolist() == [1, 0]


def test_the_interquartile_mean_has_an_interval():
    rng = stream(0, "scores")
    scores = rng.standard_normal((8, 1)) + rng.standard_normal((1, 30))
    told = aggregates.iqm_estimate(scores)
    assert told.mean == pytest.approx(float(aggregates.iqm(scores)))
    assert told.low < told.mean < told.high
    wide = aggregates.iqm_estimate(scores, 0.99)
    assert wide.low < told.low < told.high < wide.high
    assert aggregates.iqm_estimate(scores[:1]).reason == "one run has no interval"
    assert aggregates.iqm_estimate(np.ones((3, 4))).reason == "all values are equal"
    assert aggregates.iqm_estimate(scores * NAN).reason == "a return is not a number"


@pytest.mark.parametrize(
    ("scores", "reason", "known"),
    [
        (np.ones((1, 5)), "one run has no interval", True),
        (np.ones((5, 1)), "one level has no interval for new levels", True),
        (np.full((2, 2), NAN), "a return is not a number", False),
        (np.ones((0, 2)), "there are no runs", False),
    ],
)
def test_no_band_and_why(scores, reason, known):
    band = aggregates.profile_band(scores, [0.0, 2.0])
    assert np.isnan(band.low).all()
    assert np.isnan(band.high).all()
    assert np.isfinite(band.value).all() == known
    assert band.reason == reason


def test_improvement_has_an_interval():
    rng = stream(0, "scores")
    x, y = rng.standard_normal(10) + 1, rng.standard_normal(7)
    told, turned = aggregates.improvement(x, y), aggregates.improvement(y, x)
    assert 0 < told.low < told.mean == aggregates.probability_of_improvement(x, y) < told.high < 1
    assert turned.mean == pytest.approx(1 - told.mean)
    assert (turned.low, turned.high) == pytest.approx((1 - told.high, 1 - told.low))
    apart = aggregates.improvement(x + 100, y)
    assert 0.5 < apart.low < apart.mean == apart.high == 1
    more = aggregates.improvement(np.tile(x, 4) + 100, np.tile(y, 4))
    assert apart.low < more.low
    assert aggregates.improvement(x[:1], y).reason == "one run has no interval"
    assert aggregates.improvement(x * NAN, y).reason == "a return is not a number"
