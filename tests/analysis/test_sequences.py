"""Confidence sequences and the overfitting alarm: worked examples, laws, refusals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rlgen.analysis.stats import sequences
from rlgen.util.seeding import stream

NAN = float("nan")
SEQUENCES = [sequences.robbins, sequences.predictable_bernstein, sequences.betting]
EXAMPLES = ["robbins_subgaussian_cs", "prpl_eb_cs", "hedged_betting_cs"]
STREAMS = hnp.arrays(float, st.integers(1, 40), elements=st.floats(0, 1))
every = pytest.mark.parametrize("sequence", SEQUENCES, ids=lambda s: s.__name__)
#: What all three examples call "the same".
WORKED = np.array([1, 1, 0, 1, 1, 1, 1, 0, 1, 1] * 20, float)


@pytest.mark.parametrize(
    ("sequence", "key"), list(zip(SEQUENCES, EXAMPLES, strict=True)), ids=EXAMPLES
)
def test_sequences_as_worked(worked_examples, sequence, key):
    told = worked_examples[key]
    found = sequence(WORKED, told["alpha"])
    for t, (low, high) in zip(told["t"], told["expect"], strict=True):
        assert (found.low[t - 1], found.high[t - 1]) == pytest.approx((low, high))


@every
@given(x=STREAMS)
def test_no_sequence_looks_ahead(sequence, x):
    whole, half = sequence(x), sequence(x[: (len(x) + 1) // 2])
    assert whole.low[: len(half.low)] == pytest.approx(half.low, nan_ok=True)
    assert whole.high[: len(half.high)] == pytest.approx(half.high, nan_ok=True)


@pytest.mark.slow
@every
@given(x=STREAMS)
def test_a_mirrored_stream_has_mirrored_intervals(sequence, x):
    one, other = sequence(x), sequence(1 - x)
    # A mean may be kept on the one side and dropped on the other by rounding: one grid step.
    step = 0.0011 if sequence is sequences.betting else 1e-9
    assert one.low == pytest.approx(1 - other.high, abs=step)


@every
def test_batches_are_rows(sequence):
    x = stream(0, "batch").random((3, 25))
    found = sequence(x)
    assert found.low.shape == (3, 25)
    for row in range(3):
        assert found.low[row] == pytest.approx(sequence(x[row]).low)
        assert found.high[row] == pytest.approx(sequence(x[row]).high)


@every
def test_intervals_close_in_on_the_mean(sequence):
    x = stream(1, "close").choice([0.0, 1.0], 4000, p=[0.2, 0.8])
    found = sequence(x[:1000]) if sequence is sequences.betting else sequence(x)
    assert found.low[-1] < 0.8 < found.high[-1]
    assert found.high[-1] - found.low[-1] < 0.2
    sure = sequence(x[:500], 0.01)
    assert (sure.low <= found.low[:500] + 1e-12).all()


@every
def test_running_intersection_never_widens(sequence):
    found = sequence(stream(2, "running").random(100))
    running = found.running()
    assert (np.diff(running.low) >= 0).all()
    assert (np.diff(running.high) <= 0).all()
    assert (running.low >= found.low).all()
    assert running.low[-1] == found.low.max()


def test_betting_is_tighter_than_bernstein_and_robbins():
    x = 0.9 + 0.1 * stream(3, "tight").random(300)
    width = [(f.high - f.low)[-1] for f in (s(x) for s in SEQUENCES)]
    assert width == sorted(width, reverse=True)


def test_no_mean_left_is_nan():
    found = sequences.betting(np.ones(50), grid=np.array([0.2, 0.5]))
    assert (found.low[0], found.high[0]) == (0.2, 0.5)
    assert np.isnan([found.low[-1], found.high[-1]]).all()


@every
def test_a_stream_that_changes_contradicts_itself(sequence):
    """No one mean fits it, and the running intersection shows that by ends that cross."""
    running = sequence(np.repeat([0.0, 1.0], [100, 900])).running()
    assert running.low[-1] > running.high[-1]


@every
@pytest.mark.parametrize(
    ("x", "why"),
    [
        ([], "no levels"),
        ([0.5, NAN], "1 of 2 returns are nan"),
        ([0.5, 1.5], "value 1.5 is outside"),
    ],
)
def test_refused_with_a_reason(sequence, x, why):
    found = sequence(x)
    assert found.low.shape == found.high.shape == (len(x),)
    assert np.isnan([*found.low, *found.high]).all()
    assert why in found.reason
    assert found.running().reason == found.reason


def test_scaled():
    assert sequences.scaled([-1.0, 2.1, 0.55], -1, 2.1) == pytest.approx([0, 1, 0.5])
    assert sequences.scaled([0.1 + 0.2], 0, 0.3).max() == 1.0
    assert sequences.scaled([0.4], 0, 0.3) > 1


# The alarm


def streams(gap, n=300):
    rng = stream(4, "alarm")
    train, test = (rng.choice([-1.0, 2.1], n, p=[1 - p, p]) for p in (0.95, 0.95 - gap))
    return train, test


def test_alarm_is_raised_once_the_gap_is_proved():
    told = sequences.overfitting_alarm(*streams(0.5), -1, 2.1)
    assert told.after is not None
    assert 5 < told.after < 150
    assert told.gap_low[told.after - 1] > 0
    assert (told.gap_low[: told.after - 1] <= 0).all()
    # In units of return; the true gap is .5 * 3.1.
    assert 0.5 < told.gap_low[-1] < 1.55
    assert sequences.overfitting_alarm(*streams(0.0), -1, 2.1).after is None


def test_alarm_with_an_allowed_gap_and_less_alpha_comes_later():
    plain = sequences.overfitting_alarm(*streams(0.5), -1, 2.1).after
    assert sequences.overfitting_alarm(*streams(0.5), -1, 2.1, delta=0.5).after > plain
    assert sequences.overfitting_alarm(*streams(0.5), -1, 2.1, delta=1.6).after is None
    late = sequences.overfitting_alarm(*streams(0.5), -1, 2.1, alpha=sequences.spent(0.05, 5))
    assert late.after > plain


def test_alarm_refuses_what_it_cannot_read():
    told = sequences.overfitting_alarm([1.0, NAN], [0.0, 0.0], 0, 1)
    assert told.after is None
    assert np.isnan(told.gap_low).all()
    assert "nan" in told.reason
    assert "outside" in sequences.overfitting_alarm([1.0, 1.0], [0.0, 3.0], 0, 1).reason
    assert "range" in sequences.overfitting_alarm([1.0], [1.0], 1, 1).reason
    with pytest.raises(ValueError, match="2 training and 1 test"):
        sequences.overfitting_alarm([1.0, 1.0], [0.0], 0, 1)


def test_alpha_is_spent_once():
    assert sequences.spent(0.05, 1) == pytest.approx(0.05 * 6 / np.pi**2)
    assert sum(sequences.spent(0.05, k) for k in range(1, 20_000)) == pytest.approx(0.05, rel=1e-4)
    with pytest.raises(ValueError, match="counted from 1"):
        sequences.spent(0.05, 0)
