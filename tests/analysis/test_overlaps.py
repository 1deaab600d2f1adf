"""Shares of levels that one pool holds of another."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlgen.analysis.stats import overlaps

SHOWN = st.lists(st.integers(0, 12), min_size=1, max_size=40)


@given(SHOWN, SHOWN)
def test_shares_are_counted(train, test):
    told = overlaps.share(train, test)
    assert told.count == sum(each in train for each in test)
    assert told.least == told.most == told.count / len(test)
    assert 0 <= told.low <= told.least <= told.high <= 1


@given(SHOWN)
def test_repeats_are_counted(shown):
    told = overlaps.repeats(shown)
    assert told.levels == len(shown) == told.distinct + told.repeated
    assert told.largest == max(shown.count(each) for each in shown)


@given(SHOWN, SHOWN, st.integers(0, 1000))
def test_a_range_holds_at_least_what_its_levels_do(train, test, more):
    found = overlaps.share(train, test)
    told = overlaps.share_of_range(found, len(train), len(train) + more)
    assert told.least == found.least
    assert told.least <= told.most <= 1
    assert told.low <= told.least
    assert told.most <= told.high + 1e-12
    wider = overlaps.share_of_range(found, len(train), len(train) + more + 1)
    assert wider.most >= told.most
    if not more:
        assert (told.low, told.high, told.most) == pytest.approx(
            (found.low, found.high, found.most)
        )


def probability(frames, n):
    """That a new level is among ``n``."""
    return float((frames * (1 - (1 - frames) ** n)).sum())


@given(
    st.lists(st.floats(0.001, 1), min_size=1, max_size=30),
    st.floats(0, 1),
    st.integers(1, 300),
    st.integers(0, 5000),
)
def test_the_bounds_hold_whatever_the_frames(weights, unique, n, more):
    """The two inequalities of the docstring; unique levels are frames of no probability."""
    frames = np.array(weights) / sum(weights) * (1 - unique)
    small, large = probability(frames, n), probability(frames, n + more)
    found = overlaps.Share(0, 1, small, small, small, small)
    told = overlaps.share_of_range(found, n, n + more)
    assert told.least <= large + 1e-9
    assert large <= told.most + 1e-9


def test_equal_frames_meet_the_upper_bound():
    frames = np.full(500, 1 / 500)
    small = probability(frames, 50)
    found = overlaps.Share(0, 1, small, small, small, small)
    assert overlaps.share_of_range(found, 50, 5000).most == pytest.approx(probability(frames, 5000))


def test_nothing_is_made_up():
    assert overlaps.share([], ["a"]).reason == "there are no levels"
    assert np.isnan(overlaps.share(["a"], []).least)
    found = overlaps.share(["a", "b"], ["a"])
    told = overlaps.share_of_range(found, 2, 1)
    assert told.reason == "1 levels of which 2 were given"
    assert np.isnan(told.high)
    empty = overlaps.share([], [])
    assert overlaps.share_of_range(empty, 0, 5) is empty
    assert overlaps.repeats([]) == overlaps.Repeats(0, 0, 0, 0)


def test_as_by_hand():
    """3 of 10: Clopper and Pearson's interval is in every table."""
    told = overlaps.share(list("abc"), list("abcdefghij"))
    assert (told.low, told.high) == pytest.approx((0.0667, 0.6525), abs=5e-5)
