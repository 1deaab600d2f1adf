"""Variance components and advice; every nan says why."""

import numpy as np
import pytest

from rlgen.analysis.stats import components, intervals
from rlgen.util.seeding import stream

NAN = float("nan")


def table(run, level, noise, shape=(8, 60)):
    rng = stream(0, "components")
    return (
        run * rng.standard_normal((shape[0], 1))
        + level * rng.standard_normal((1, shape[1]))
        + noise * rng.standard_normal(shape)
    )


def test_components_as_worked(worked_examples):
    told = worked_examples["crossed_twoway"]
    expect = told["expect"]
    found = components.components(np.array(told["Y"]))
    parts = [expect[f"sigma2_{name}"] for name in ("seed", "level", "resid")]
    assert [found.run, found.level, found.residual] == pytest.approx(parts)
    assert found.shares == pytest.approx([100 * part / sum(parts) for part in parts])
    # .157 over 3 runs against 1.12 over 4 levels
    assert found.advice == "buy more levels"
    assert found.reason == ""


@pytest.mark.parametrize(
    ("run", "level", "advice"), [(0.5, 0.5, "buy more runs"), (0.05, 2.0, "buy more levels")]
)
def test_advice_is_for_what_makes_the_mean_uncertain(run, level, advice):
    assert components.components(table(run, level, 0.1)).advice == advice


def test_the_advice_depends_on_what_is_there():
    """The same components; with many levels runs are short, and the other way round."""
    returns = table(1.0, 1.0, 0.1, (60, 60))
    assert components.components(returns[:5]).advice == "buy more runs"
    assert components.components(returns[:, :5]).advice == "buy more levels"


@pytest.mark.parametrize(
    ("returns", "reason"),
    [
        (np.ones((1, 5)), "one run has no variance components"),
        (np.ones((5, 1)), "one level has no variance components"),
        (np.array([[1.0, NAN], [0.0, 1.0]]), "a return is not a number"),
        (np.ones((0, 5)), "there are no runs"),
        (np.ones((5, 0)), "there are no levels"),
    ],
)
def test_no_components_and_why(returns, reason):
    found = components.components(returns)
    assert np.isnan([found.run, found.level, found.residual, *found.shares]).all()
    assert (found.advice, found.reason) == ("", reason)


def test_equal_returns_have_no_shares_and_no_advice():
    found = components.components(np.full((4, 6), 2.1))
    assert (found.run, found.level, found.advice) == (0, 0, "")
    assert np.isnan(found.shares).all()
    assert found.reason == "all values are equal"
    chess = np.indices((4, 6)).sum(axis=0) % 2 * 1.0
    found = components.components(chess)
    assert found.shares == (0, 0, 100)
    assert "neither" in found.reason


ONES, ONE_NAN = np.ones((2, 3)), np.array([[1.0, NAN], [0.0, 1.0]])


@pytest.mark.parametrize(
    ("estimate", "reason"),
    [
        (intervals.crossed_mean(np.ones((1, 50))), "one run has no interval"),
        (intervals.crossed_mean(np.ones((5, 1))), "one level has no interval for new levels"),
        (intervals.crossed_mean(ONE_NAN), "a return is not a number"),
        (intervals.crossed_mean(np.ones((0, 5))), "there are no runs"),
        (intervals.crossed_mean(np.ones((5, 0))), "there are no levels"),
        (intervals.run_mean(np.ones(1)), "one run has no interval"),
        (intervals.run_mean(np.ones(0)), "there are no runs"),
        (intervals.run_mean(ONE_NAN[0]), "a return is not a number"),
        (intervals.level_mean(np.ones(1)), "one level has no interval for new levels"),
        (intervals.level_mean(np.ones(0)), "there are no levels"),
        (intervals.level_mean(ONE_NAN[0]), "a return is not a number"),
        (intervals.gap([np.ones(3)], np.zeros((1, 4))), "one run has no interval"),
        (
            intervals.gap([np.ones(3)] * 2, np.zeros((2, 1))),
            "one level has no interval for new levels",
        ),
        (intervals.gap([], np.zeros((0, 4))), "there are no runs"),
        (intervals.gap([np.ones(2), np.ones(0)], ONES), "a run has no training levels"),
        (intervals.gap([np.ones(2)] * 2, ONE_NAN), "a return is not a number"),
        (intervals.gap([np.array([NAN])] * 2, ONES), "a return is not a number"),
        (intervals.gap([np.ones(2)] * 2, np.ones((2, 0))), "there are no levels"),
    ],
)
def test_every_missing_interval_says_why(estimate, reason):
    assert np.isnan([estimate.low, estimate.high]).all()
    assert estimate.reason == reason


def test_what_is_there_needs_no_reason():
    returns = table(0.3, 0.7, 0.5)
    assert intervals.crossed_mean(returns).reason == ""
    assert intervals.level_mean(returns[0]).reason == ""
    assert intervals.gap([np.ones(3)] * 8, returns).reason == ""


def test_level_mean_is_a_t_interval():
    from scipy import stats

    values = table(0, 1, 0)[0]
    told = intervals.level_mean(values)
    expect = stats.ttest_1samp(values, 0).confidence_interval()
    assert (told.low, told.high) == pytest.approx((expect.low, expect.high))
