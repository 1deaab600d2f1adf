"""Certificates: worked examples, laws, scipy's exact interval, and refusals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from rlgen.analysis.stats import certificates
from rlgen.util.seeding import stream

NAN, INF = float("nan"), float("inf")
RETURNS = hnp.arrays(float, st.integers(2, 60), elements=st.floats(-5, 2.1))


def test_clopper_pearson_as_worked(worked_examples):
    told = worked_examples["clopper_pearson"]
    for k, n, lower in (
        (told["k"], told["n"], told["lower"]),
        (300, 300, told["perfect_300_of_300"]),
        (5, 5, told["perfect_5_of_5"]),
    ):
        assert certificates.clopper_pearson(k, n).lower == pytest.approx(lower)
    told = worked_examples["clopper_200"]
    found = certificates.clopper_pearson(told["k"], told["n"], two_sided=True)
    assert [found.lower, found.upper] == pytest.approx(told["two_sided95"])


@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_clopper_pearson_is_scipys(counts):
    k, n = counts
    both = stats.binomtest(k, n).proportion_ci(0.95, "exact")
    found = certificates.clopper_pearson(k, n, two_sided=True)
    assert (found.lower, found.upper) == pytest.approx((both.low, both.high))
    one = stats.binomtest(k, n, alternative="greater").proportion_ci(0.95, "exact")
    assert certificates.clopper_pearson(k, n).lower == pytest.approx(one.low)


@given(returns=RETURNS)
def test_a_bound_lies_in_the_range_and_below_the_mean(returns):
    found = certificates.betting(returns, -5, 2.1)
    assert -5 <= found.lower <= max(returns.mean(), -5) + 1e-9
    assert certificates.betting(returns, -5, 2.1, 0.99).lower <= found.lower + 1e-9
    # Other units give the same promise.
    assert certificates.betting(10 * returns + 3, -47, 24).lower == pytest.approx(
        10 * found.lower + 3, abs=1e-6
    )


def test_more_levels_promise_more():
    returns = stream(0, "levels").choice([2.1, 0.0], 4000, p=[0.9, 0.1])
    lower = [certificates.betting(returns[:n], -1, 2.1).lower for n in (20, 200, 4000)]
    assert sorted(lower) == lower
    assert lower[-1] == pytest.approx(returns.mean(), abs=0.1)


def test_betting_is_the_root_of_the_capital():
    """At the bound the gambler has just multiplied his stake by 20."""
    returns = stream(2, "levels").uniform(0, 1, 100)
    found = certificates.betting(returns, 0, 1)
    bet = certificates.bets(returns, 0.1)
    best = certificates.log_capital(returns, bet, found.lower).max()
    assert np.exp(best) == pytest.approx(20)


def test_a_perfect_policy_is_not_certain():
    found = certificates.betting(np.full(100, 2.1), -1, 2.1)
    assert -1 < found.lower < 2.1
    assert not found.reason


@pytest.mark.parametrize(
    ("returns", "low", "high", "why"),
    [
        ([], 0, 1, "no levels"),
        ([0.5, NAN, NAN], 0, 1, "2 of 3 returns are nan"),
        ([0.5, 1.5], 0, 1, "return 1.5 is outside [0, 1]"),
        # Rounding of so large returns is ten times the range.
        ([1e6, 1e6 + 2], 1e6, 1e6 + 1, "return 1e+06 is outside"),
        ([0.5, -INF], 0, 1, "return -inf is outside"),
        ([0.5, 0.5], 1, 1, "is empty"),
        ([0.5, 0.5], 0, NAN, "is empty"),
    ],
)
def test_refused_with_a_reason(returns, low, high, why):
    found = certificates.betting(returns, low, high)
    assert np.isnan(found.lower)
    assert why in found.reason


def test_one_level():
    assert certificates.betting([1.0], 0, 1).lower == pytest.approx(0.025, abs=0.03)


def test_rounding_is_inside():
    assert not certificates.betting([0.1 + 0.2] * 5, 0, 0.3).reason


@pytest.mark.parametrize("counts", [(0, 0), (3, 2), (-1, 4), (1.5, 4), (NAN, 4)])
def test_impossible_counts_are_refused(counts):
    found = certificates.clopper_pearson(*counts)
    assert np.isnan(found.lower)
    assert "whole number" in found.reason
