"""Whether a learning curve has ended: what must hold of the verdict, whatever the curve."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rlgen.analysis.stats import plateau
from rlgen.analysis.stats.plateau import FALLING, FLAT, OPTIMAL, RISING, UNCLEAR, UNKNOWN, trend
from rlgen.util.seeding import stream

STEPS = np.linspace(0, 4e6, 21)
DONE = STEPS / STEPS[-1]


def noise(seed, size=21, scale=0.01):
    return scale * stream(seed, "noise").standard_normal(size)


def test_curves_whose_end_is_plain():
    early = np.minimum(1, 3 * DONE)
    assert trend(STEPS, 2 * early + noise(0), 2.0, -1.0).word == OPTIMAL
    assert trend(STEPS, 0.5 * early + noise(1, scale=0.003), 2.0, -1.0).word == FLAT
    assert trend(STEPS, DONE + noise(2), 2.0, -1.0).word == RISING
    assert trend(STEPS, 1 - DONE + noise(3), 2.0, -1.0).word == FALLING
    assert trend(STEPS, noise(4, scale=1.0), 2.0, -1.0).word == UNCLEAR


def test_without_noise_the_margin_is_exact():
    """A line that gains a little less than a tenth of what remains is flat, one above it not."""
    for share, word in ((0.09, FLAT), (0.11, RISING)):
        assert trend(STEPS, 1 + share * (DONE - 1), 2.0).word == word
        assert trend(STEPS, 1 - share * (DONE - 1), 2.0).word == word.replace(RISING, FALLING)


def test_what_is_not_known_says_why():
    for returns, optimum, steps, reason in (
        (DONE, np.nan, STEPS, "no optimal return"),
        (np.where(DONE == 1, np.nan, DONE), 2.0, STEPS, "not a number"),
        (DONE[::7], 2.0, STEPS[::7], "fewer than 4 checkpoints"),
        (DONE[:1], 2.0, STEPS[:1], "no learning curve"),
        (DONE[:0], 2.0, STEPS[:0], "no learning curve"),
    ):
        answer = trend(steps, returns, optimum)
        assert answer.word == UNKNOWN
        assert reason in answer.reason
        assert not answer.converged


def test_a_rate_that_falls_to_nothing_ends_no_training():
    """Learning goes on all the while, and slows with its rate alone."""
    returns = -1 + 0.5 * DONE * (2 - DONE) + noise(5, scale=0.002)
    assert trend(STEPS, returns, 2.0, -2.0, annealed=True).word == RISING
    late = DONE >= 0.9
    assert np.ptp(returns[late]) < plateau.MARGIN * 2.5, "though to the eye it has"


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10**6),
    st.floats(-3, 3),
    st.floats(0, 0.2),
    st.floats(0.1, 10),
    st.floats(-50, 50),
    st.booleans(),
)
def test_units_do_not_matter(seed, gain, scale, unit, shift, annealed):
    returns = gain * (DONE - 1) + noise(seed, scale=scale + 1e-3)
    one = trend(STEPS, returns, 1.0, -1.0, annealed=annealed)
    other = trend(STEPS * 7, unit * returns + shift, unit + shift, shift - unit, annealed=annealed)
    # Where a p-value lies on the edge, the last digits decide.
    assume(one.word == other.word or scale > 0)
    assert other.gain.mean == pytest.approx(unit * one.gain.mean, rel=1e-6, abs=1e-6 * unit)
    assert other.pace * 7 == pytest.approx(unit * one.pace, rel=1e-6, abs=1e-9 * unit)
    assert other.remaining == pytest.approx(unit * one.remaining, rel=1e-6, abs=1e-6 * unit)


@given(st.integers(0, 10**6), st.floats(-1, 1))
def test_the_interval_holds_the_estimate_and_decides_the_direction(seed, gain):
    answer = trend(STEPS, gain * DONE + noise(seed, scale=0.1), 5.0, -5.0)
    assert answer.gain.low < answer.gain.mean < answer.gain.high
    if answer.word == RISING:
        assert answer.gain.low > 0
    if answer.word == FALLING:
        assert answer.gain.high < 0
    if answer.word == FLAT:
        assert abs(answer.gain.mean) < plateau.MARGIN * (5.0 - gain + 1)


def test_what_lies_beyond_the_last_third_does_not_matter():
    returns = 0.5 + noise(6)
    changed = np.where(DONE < 0.6, -7.0, returns)
    assert trend(STEPS, returns, 2.0) == trend(STEPS, changed, 2.0)
