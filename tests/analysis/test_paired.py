"""Paired differences and sign-flip tests."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlgen.analysis.stats import intervals, paired
from rlgen.util.seeding import stream

NAN = float("nan")
DIFFERENCES = st.lists(st.integers(-5, 5).map(float), min_size=2, max_size=8).map(np.array)


def test_common_numbers_cancel():
    rng = stream(0, "paired")
    common = rng.standard_normal((6, 1)) + rng.standard_normal((1, 40))
    noise = 0.1 * rng.standard_normal((2, 6, 40))
    first, second = common + 0.5 + noise[0], common + noise[1]
    told = paired.paired_mean(first, second)
    assert told == intervals.crossed_mean(first - second)
    assert told.low < 0.5 < told.high
    assert told.variance < intervals.crossed_mean(first).variance / 100


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        (np.ones((3, 4)), np.ones((3, 5)), "not paired: tables (3, 4) and (3, 5)"),
        (np.ones((3, 4)), np.ones((1, 4)), "not paired: tables (3, 4) and (1, 4)"),
        (np.ones((3, 4)), np.full((3, 4), NAN), "a return is not a number"),
        (np.ones((1, 4)), np.zeros((1, 4)), "one run has no interval"),
    ],
)
def test_what_cannot_be_paired(first, second, reason):
    told = paired.paired_mean(first, second)
    assert np.isnan(told.low)
    assert told.reason == reason


def test_sign_flip_as_worked(worked_examples):
    told = worked_examples["signflip_exact"]
    found = paired.sign_flip(np.array(told["d"]))
    assert found.p == pytest.approx(told["p_two_sided"])
    assert paired.sign_flip(np.array([*told["d"], 0.2])).p == pytest.approx(0.03125)


@settings(deadline=None, max_examples=60)
@given(DIFFERENCES)
def test_sign_flip_is_the_share_of_all_patterns(d):
    sums = [abs(np.dot(signs, d)) for signs in product((-1, 1), repeat=len(d))]
    expect = np.mean([s >= abs(d.sum()) for s in sums])
    found = paired.sign_flip(d)
    assert found.p == pytest.approx(expect)
    assert found.p >= 2 ** (1 - len(d))
    assert paired.sign_flip(-d).p == pytest.approx(found.p)
    assert paired.sign_flip(d * 1e6).p == pytest.approx(found.p)


def test_many_runs_are_drawn_from_a_generator():
    d = stream(1, "many").standard_normal(24) + 0.45
    refused = paired.sign_flip(d)
    assert np.isnan(refused.p)
    assert refused.reason == "24 runs are too many to try all signs: random signs need a generator"
    drawn = paired.sign_flip(d, stream(0, "signs"))
    assert drawn == paired.sign_flip(d, stream(0, "signs"))
    assert drawn != paired.sign_flip(d, stream(1, "signs"))
    # near the exact p of the normal approximation, and never zero
    z = abs(d.sum()) / np.sqrt((d**2).sum())
    from scipy import special

    assert drawn.p == pytest.approx(2 * special.ndtr(-z), abs=0.01)
    assert paired.sign_flip(d + 100, stream(0, "signs"), draws=99).p == 0.01


def test_the_largest_exact_test_agrees_with_the_drawn_one():
    d = stream(5, "many").standard_normal(16) + 0.3
    exact = paired.sign_flip(d).p
    patterns = paired._random_signs(16, stream(0, "signs"), 20_000)
    drawn = np.concatenate([np.abs(signs @ d) >= abs(d.sum()) for signs in patterns]).mean()
    assert exact == pytest.approx(drawn, abs=0.01)


@pytest.mark.parametrize(
    ("d", "reason"),
    [
        ([1.0], "one run has no test"),
        ([], "there are no runs"),
        ([1.0, NAN], "a difference is not a number"),
    ],
)
def test_no_test_and_why(d, reason):
    found = paired.sign_flip(np.array(d, float))
    assert np.isnan(found.p)
    assert found.reason == reason


def test_no_difference_at_all_is_no_evidence():
    assert paired.sign_flip(np.zeros(6)).p == 1
    assert paired.sign_flip(np.full(6, 0.3)).p == pytest.approx(1 / 32)
