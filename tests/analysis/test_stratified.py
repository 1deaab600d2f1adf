"""Stratified tau: against pairs counted one by one, and what its bootstrap holds fixed."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlgen.analysis.stats.stratified import NO_PAIRS, stratified
from rlgen.util.seeding import stream

ROWS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 4), st.sampled_from("ab")), min_size=2, max_size=12
)


def counted(rows):
    """Concordant minus discordant over comparable pairs, pair by pair."""
    pairs = [(a[0] - b[0]) * (a[1] - b[1]) for a, b in combinations(rows, 2) if a[2] == b[2]]
    comparable = [p for p in pairs if p]
    return sum(np.sign(comparable)) / len(comparable) if comparable else float("nan")


@given(ROWS)
def test_it_is_the_sum_over_pairs_within_strata(rows):
    x, y, strata = zip(*rows, strict=True)
    one = stratified({"x": x}, y, strata, replicates=5)
    assert one.points["x"] == pytest.approx(counted(rows), nan_ok=True)
    if one.points["x"] != one.points["x"]:
        assert one.tau("x").reason == NO_PAIRS


def test_a_run_without_the_number_is_in_no_pair():
    x, y = [1.0, float("nan"), 3.0, 2.0], [1.0, 9.0, 3.0, 2.0]
    one = stratified({"x": x}, y, list("aaaa"))
    assert (one.points["x"], one.runs["x"]) == (1.0, 3)


def test_an_order_between_strata_is_not_counted():
    """A number that is the stratum itself says nothing within it."""
    rng = stream(0, "test")
    strata = np.repeat(["3", "10", "30"], 8)
    gaps = np.repeat([0.9, 0.5, 0.1], 8) + 0.01 * rng.standard_normal(24)
    numbers = {"levels": np.repeat([3, 10, 30], 8), "gap": gaps, "noise": rng.random(24)}
    one = stratified(numbers, gaps, strata)
    assert one.tau("levels").reason == NO_PAIRS
    assert one.points["gap"] == 1
    assert one.tau("noise").low < 0 < one.tau("noise").high
    assert one.advantage("gap", "noise").low > 0
    assert one.advantage("noise", "gap").high < 0


def test_the_direction_of_a_number_does_not_count_for_its_advantage():
    rng = stream(1, "test")
    gaps = rng.random(40)
    numbers = {"up": gaps + 0.2 * rng.random(40), "other": gaps + 2 * rng.random(40)}
    numbers["down"] = -numbers["up"]
    one = stratified(numbers, gaps, ["a"] * 40)
    assert one.points["down"] == -one.points["up"]
    ours, theirs = one.advantage("up", "other"), one.advantage("down", "other")
    assert (ours.mean, ours.low, ours.high) == (theirs.mean, theirs.low, theirs.high)
    same = one.advantage("up", "down")
    assert same.mean == 0
    assert same.reason, "it is always 0, which leaves no spread"


@pytest.mark.slow
def test_intervals_hold_the_truth_about_as_often_as_they_say():
    """Of 200 studies of 4 strata with 12 runs."""
    slope, hits = 0.8, 0
    strata = np.repeat(list("abcd"), 12)
    truth = 2 / np.pi * np.arcsin(slope / np.sqrt(slope**2 + 1))
    for trial in range(200):
        rng = stream(trial, "coverage")
        x = rng.standard_normal(48)
        y = slope * x + rng.standard_normal(48)
        tau = stratified({"x": x}, y, strata, replicates=300).tau("x")
        hits += tau.low <= truth <= tau.high
    assert 0.88 <= hits / 200 <= 0.99
