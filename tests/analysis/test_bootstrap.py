"""Bootstraps: closed forms, seeds, and what has no interval."""

import numpy as np
import pytest

from rlgen.analysis.stats import aggregates, bootstrap, intervals
from rlgen.util.seeding import stream

NAN = float("nan")


@pytest.fixture
def returns():
    rng = stream(0, "table")
    return (
        0.5 * rng.standard_normal((5, 1))
        + rng.standard_normal((1, 7))
        + 0.7 * rng.standard_normal((5, 7))
    )


def pigeonhole_variance(returns):
    """Of the mean, where one run and one level fewer are drawn than there are."""
    runs, levels = (n - 1 for n in returns.shape)
    by_run, by_level = returns.mean(axis=1), returns.mean(axis=0)
    residual = returns - by_run[:, None] - by_level + returns.mean()
    rest = (residual**2).mean() / (runs * levels)
    return by_run.var() / runs + by_level.var() / levels + rest


def test_draws_have_the_variance_of_the_closed_form(returns):
    """Within 3 %, method 6."""
    rng = stream(1, "bootstrap")
    replicates = 40_000
    drawn = bootstrap.pigeonhole_draws(returns, bootstrap.mean, rng, replicates)
    expect = pigeonhole_variance(returns)
    assert drawn.var() == pytest.approx(expect, rel=0.03)
    weights = bootstrap.weights(5, 7, rng, replicates)
    assert bootstrap.weighted_means(returns, *weights).var() == pytest.approx(expect, rel=0.03)
    drawn = bootstrap.stratified_draws(returns, bootstrap.mean, rng, replicates)
    cells = returns.var(axis=0).sum() / 5 / 7**2
    assert drawn.var() == pytest.approx(cells, rel=0.03)
    assert drawn.mean() == pytest.approx(returns.mean(), abs=0.01)


def test_weighted_means_are_means_of_resampled_tables(returns):
    runs, levels = bootstrap.weights(5, 7, stream(0, "w"), 50)
    assert (runs.sum(axis=1) == 4).all()
    assert (levels.sum(axis=1) == 6).all()
    for r, lv, told in zip(
        runs, levels, bootstrap.weighted_means(returns, runs, levels), strict=True
    ):
        table = np.repeat(np.repeat(returns, r, axis=0), lv, axis=1)
        assert told == pytest.approx(table.mean())


def test_the_seed_decides(returns):
    def draw(seed):
        rng = stream(seed, "bootstrap")
        return [
            bootstrap.pigeonhole(returns, aggregates.iqm, rng, 200),
            bootstrap.stratified(returns, aggregates.iqm, rng, 200),
        ]

    assert draw(0) == draw(0)
    assert all(a != b for a, b in zip(draw(0), draw(1), strict=True))


def test_the_interval_of_a_mean_is_like_the_closed_one():
    rng = stream(0, "wide")
    table = (
        0.3 * rng.standard_normal((20, 1))
        + 0.7 * rng.standard_normal((1, 300))
        + 0.5 * rng.standard_normal((20, 300))
    )
    told = bootstrap.pigeonhole(table, bootstrap.mean, stream(0, "b"))
    exact = intervals.crossed_mean(table)
    assert told.mean == pytest.approx(exact.mean)
    assert told.high - told.low == pytest.approx(exact.high - exact.low, rel=0.12)
    wide = bootstrap.conservative(told, 20)
    assert wide.df == 19
    assert wide.high - wide.low > told.high - told.low


def test_statistics_of_several_values(returns):
    tau = [-1.0, 0.0, 1.0]
    drawn = bootstrap.pigeonhole_draws(
        returns, lambda t: aggregates.performance_profile(t, tau), stream(0, "b"), 30
    )
    assert drawn.shape == (30, 3)
    assert (np.diff(drawn, axis=1) <= 0).all()


ONE_NAN = np.array([[1.0, NAN], [0.0, 1.0]])


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (np.ones((1, 5)), "one run has no interval"),
        (np.ones((5, 1)), "one level has no interval for new levels"),
        (ONE_NAN, "a return is not a number"),
        (np.ones((0, 3)), "there are no runs"),
        (np.ones((3, 0)), "there are no levels"),
    ],
)
def test_no_interval_and_why(table, reason):
    rng = stream(0, "b")
    for told in (
        bootstrap.pigeonhole(table, aggregates.iqm, rng, 10),
        bootstrap.conservative(bootstrap.pigeonhole(table, aggregates.iqm, rng, 10), 3),
    ):
        assert np.isnan([told.low, told.high]).all()
        assert told.reason == reason


def test_columns_of_a_stratified_table_are_fixed():
    """One variant is enough there, one run is not."""
    rng = stream(0, "b")
    column = np.arange(6.0)[:, None]
    assert bootstrap.stratified(column, aggregates.iqm, rng, 50).reason == ""
    told = bootstrap.stratified(column.T, aggregates.iqm, rng, 50)
    assert told.reason == "one run has no interval"
    assert np.isnan(bootstrap.stratified(ONE_NAN, aggregates.iqm, rng, 50).mean)


def test_a_statistic_that_fails_gives_no_interval(returns):
    def fails(tables):
        means = tables.mean(axis=(1, 2))
        return np.where(means > returns.mean() + 0.05, NAN, means)

    told = bootstrap.pigeonhole(returns, fails, stream(0, "b"), 100)
    assert told.mean == pytest.approx(returns.mean())
    assert np.isnan(told.low)
    assert "not a number for some" in told.reason


def test_equal_returns_have_no_interval_and_why():
    told = bootstrap.pigeonhole(np.full((4, 6), 2.1), aggregates.iqm, stream(0, "b"), 50)
    assert told.mean == pytest.approx(2.1)
    assert np.isnan([told.low, told.high]).all()
    assert told.reason == "all returns are equal"
