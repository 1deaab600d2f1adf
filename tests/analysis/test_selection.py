"""Selection: estimators against all subsets, order statistics against simulation."""

from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlgen.analysis.stats import intervals, selection
from rlgen.errors import RlgenError
from rlgen.util.seeding import stream

NAN = float("nan")


@pytest.mark.parametrize("name", ["best_of_k", "best_of_k_ties", "top3_of_4"])
def test_best_of_k_as_worked(worked_examples, name):
    told = worked_examples[name]
    train, test = np.array(told["train"], float), np.array(told["test"], float)
    found = selection.best_of_k(train, test, told["k"], told["m"])
    assert found.mean == pytest.approx(told["expect"])
    assert np.isnan(found.low)
    assert "without an interval" in found.reason


def best(train, test, m):
    """Mean test score of the best m, over all ways to break ties."""
    orders = [
        order
        for order in permutations(range(len(train)))
        if (np.diff(train[list(order)]) >= 0).all()
    ]
    return np.mean([test[list(order)[-m:]].mean() for order in orders])


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_best_of_k_is_the_mean_over_all_subsets(data):
    n = data.draw(st.integers(1, 6))
    k = data.draw(st.integers(1, n))
    m = data.draw(st.integers(1, k))
    train = np.array(data.draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)), float)
    test = np.array(data.draw(st.lists(st.integers(-5, 5), min_size=n, max_size=n)), float)
    expect = np.mean([best(train[list(s)], test[list(s)], m) for s in combinations(range(n), k)])
    assert selection.best_of_k(train, test, k, m).mean == pytest.approx(expect, abs=1e-9)


def test_the_curve_goes_from_the_mean_to_the_best():
    rng = stream(0, "jobs")
    train, test = rng.standard_normal((2, 20))
    curve = selection.best_of_k_curve(train, test)
    assert curve.shape == (20,)
    assert curve[0] == pytest.approx(test.mean())
    assert curve[-1] == pytest.approx(test[train.argmax()])
    own = selection.best_of_k_curve(train, train)
    assert (np.diff(own) > 0).all()


def test_weights_stay_exact_for_many_jobs():
    (weights,) = selection._weights(np.arange(3000.0), [1500], 3)
    assert weights.sum() == pytest.approx(1, rel=1e-9)
    assert (weights >= 0).all()


def test_top_k_is_the_mean_of_the_best():
    train = np.array([2.1, 0.3, 2.0, -1.0, 1.9])
    test = np.array([1.0, 0.0, 0.4, 9.0, 0.1])
    assert selection.top_k(train, test, 3).mean == pytest.approx(0.5)
    assert selection.top_k(train, test, 5).mean == pytest.approx(test.mean())
    # all at the best return: choosing three says nothing
    assert selection.top_k(np.full(5, 2.1), test, 3).mean == pytest.approx(test.mean())


@pytest.mark.parametrize(
    ("train", "test", "reason"),
    [
        ([], [], "there are no runs"),
        ([1.0, NAN], [1.0, 1.0], "a return is not a number"),
        ([1.0, 2.0], [1.0, NAN], "a return is not a number"),
        ([1.0, 2.0], [1.0], "2 training scores and 1 test scores"),
    ],
)
def test_no_selection_and_why(train, test, reason):
    train, test = np.array(train, float), np.array(test, float)
    told = selection.best_of_k(train, test, 1)
    assert np.isnan(told.mean)
    assert told.reason == reason
    assert np.isnan(selection.best_of_k_curve(train, test)).all()


@pytest.mark.parametrize(("k", "m"), [(0, 1), (4, 1), (2, 3), (2, 0)])
def test_no_more_than_there_are(k, m):
    with pytest.raises(RlgenError, match=r"must be 1 <= m <= k <= 3"):
        selection.best_of_k(np.arange(3.0), np.arange(3.0), k, m)


def test_winners_curse_as_worked(worked_examples):
    told = worked_examples["winners_curse_n20"]
    n = told["n"]
    assert selection.winners_curse(n) == pytest.approx(told["E_top1"])
    assert selection.winners_curse(n, 3) == pytest.approx(told["E_mean_top3"])
    assert selection.winners_curse(n, 5) == pytest.approx(told["E_mean_top5"])


def test_order_statistics():
    assert selection.normal_order_statistics(1) == pytest.approx([0], abs=1e-9)
    half = 1 / np.sqrt(np.pi)
    assert selection.normal_order_statistics(2) == pytest.approx([-half, half])
    values = selection.normal_order_statistics(7)
    assert values == pytest.approx(-values[::-1], abs=1e-9)
    drawn = np.sort(stream(0, "order").standard_normal((20_000, 7)), axis=1)
    assert (np.abs(drawn.mean(axis=0) - values) < 4 * drawn.std(axis=0) / np.sqrt(20_000)).all()
    assert selection.winners_curse(5, 5) == pytest.approx(0, abs=1e-9)
    assert selection.winners_curse(1000) == pytest.approx(3.2414, abs=1e-3)


@pytest.mark.parametrize(("n", "m"), [(0, 1), (5, 6), (5, 0)])
def test_winners_are_among_the_jobs(n, m):
    with pytest.raises(RlgenError, match="must be from 1 to"):
        selection.winners_curse(n, m)


def test_the_curse_is_that_of_simulated_jobs():
    """Of equal jobs the best by a noisy score is noise; a reliable score is cursed less."""
    rng = stream(0, "curse")
    true, noise = rng.standard_normal((2, 20_000, 20))
    observed = np.sqrt(0.75) * true + np.sqrt(0.25) * noise
    first = observed.argmax(axis=1)
    inflated = (observed - np.sqrt(0.75) * true)[np.arange(20_000), first].mean()
    assert inflated == pytest.approx((1 - 0.75) * 1.0 * selection.winners_curse(20), rel=0.03)


def test_chosen_on_validation_and_reported_on_test():
    rng = stream(0, "select")
    validation, test = rng.standard_normal((4, 10)), rng.standard_normal((4, 30))
    validation[2] += 3
    told = selection.select(validation, test)
    assert told.runs.tolist() == [2]
    assert told.validation == pytest.approx(validation[2].mean())
    assert told.test == intervals.level_mean(test[2])
    validation[1] = validation[2]
    tied = selection.select(validation, test)
    assert tied.runs.tolist() == [1, 2]
    assert tied.test.mean == pytest.approx(test[1:3].mean())


@pytest.mark.parametrize(
    ("validation", "test", "reason"),
    [
        (np.ones((2, 3)), np.ones((3, 3)), "2 runs in validation and 3 in the test"),
        (np.ones((2, 0)), np.ones((2, 3)), "there are no levels"),
        (np.ones((0, 3)), np.ones((0, 3)), "there are no runs"),
        (np.full((2, 3), NAN), np.ones((2, 3)), "a return is not a number"),
        (np.ones((2, 3)), np.ones((2, 1)), "one level has no interval for new levels"),
    ],
)
def test_no_choice_and_why(validation, test, reason):
    told = selection.select(validation, test)
    assert np.isnan(told.test.low)
    assert told.test.reason == reason
