"""Intervals where runs share their training levels, and not their held-out levels."""

import numpy as np
import pandas as pd
import pytest

from rlgen.analysis.gate.limits import FAILED, PASSED, judged, unjudged
from rlgen.analysis.stats import intervals
from rlgen.analysis.stats.aggregates import improvement
from rlgen.analysis.stats.comparisons import comparisons
from rlgen.analysis.stats.estimates import GROUPS, OWN, estimates
from rlgen.analysis.stats.intervals import ALIKE, Estimate
from rlgen.analysis.stats.paired import paired_mean, sign_flip
from rlgen.analysis.stats.plateau import trend
from rlgen.analysis.stats.regularisers import effects
from rlgen.analysis.stats.sample_size import gap_spread
from rlgen.util.seeding import stream


def study(rng, pools, levels, held_out):
    """Training returns by run whose pools are numbered, and held-out returns of levels of its own.

    The gap is 1.
    """
    of_pool = 0.7 * rng.standard_normal((max(pools) + 1, levels))
    run = 0.1 * rng.standard_normal(len(pools))
    train = [
        1 + own + of_pool[pool] + 0.5 * rng.standard_normal(levels)
        for own, pool in zip(run, pools, strict=True)
    ]
    test = [r + 0.86 * rng.standard_normal(held_out) for r in run]
    return train, test


def folded(train, test, pools):
    """Folded records of them."""
    rows = []
    for run, (values, others) in enumerate(zip(train, test, strict=True)):
        ids = np.arange(len(values)) + 1000 * pools[run]
        own = np.arange(len(others)) + 10_000 * (run + 1)
        for split, level_id, returns in (("train", ids, values), ("test", own, others)):
            rows += [
                {
                    "run_id": f"r{run}",
                    "family": "f",
                    "agent": "a",
                    "network": "n",
                    "regulariser": "none",
                    "n_train_levels": len(values),
                    "flip_p": 0.0,
                    "seed": run,
                    "condition": "plain",
                    "split": split,
                    "level_id": level,
                    "ret_mean": value,
                    "p_solved": 0.5,
                    "oracle_ret": 5.0,
                    "random_ret": -5.0,
                }
                for level, value in zip(level_id, returns, strict=True)
            ]
    return pd.DataFrame(rows)


def gap_of(frame):
    table = estimates(frame)
    return table[(table["part"] == "gap") & (table["quantity"] == "return")].iloc[0]


@pytest.mark.parametrize(("runs", "levels"), [(5, 10), (10, 10), (5, 50)])
def test_a_shared_training_pool_is_a_sample_where_held_out_levels_are_the_runs_own(runs, levels):
    """The interval of the spread of runs alone holds the truth in half to three quarters."""
    rng, held = stream(0, "shared pools", runs, levels), {"all": [], "runs": []}
    for _ in range(800):
        train, test = study(rng, [0] * runs, levels, 50)
        both = intervals.gap(train, test, shared_pool=True, shared_test=False)
        alone = intervals.run_mean(intervals.means(train) - intervals.means(test))
        held["all"].append(both.low <= 1 <= both.high)
        held["runs"].append(alone.low <= 1 <= alone.high)
    assert np.mean(held["all"]) > 0.92
    assert np.mean(held["runs"]) < 0.85


def test_the_gap_of_a_study_is_that_interval():
    train, test = study(stream(1, "shared pools"), [0] * 5, 10, 20)
    told = gap_of(folded(train, test, [0] * 5))
    right = intervals.gap(train, test, shared_pool=True, shared_test=False)
    assert (told["low"], told["high"]) == pytest.approx((right.low, right.high))
    apart = gap_of(folded(train, test, range(5)))
    assert apart["high"] - apart["low"] < told["high"] - told["low"]


def test_pools_that_some_runs_share_give_no_interval():
    """Two pools are two samples of levels, whatever the number of runs."""
    pools = [0, 0, 0, 1, 1, 1]
    train, test = study(stream(2, "shared pools"), pools, 10, 20)
    told = gap_of(folded(train, test, pools))
    assert told["reason"] == GROUPS
    assert np.isnan(told["low"])
    assert told["mean"] == pytest.approx(
        np.mean([a.mean() - b.mean() for a, b in zip(train, test, strict=True)])
    )


@pytest.mark.parametrize("size", [1e6, 1e9])
def test_rounding_of_large_returns_is_no_difference(size):
    rng = stream(3, "shared pools")
    one = size * rng.random((6, 40))
    other = one * (1 + np.finfo(float).eps * rng.integers(0, 2, one.shape))
    assert paired_mean(one, other).reason == ALIKE
    shifted = one * (1 - np.finfo(float).eps)
    assert sign_flip((one - shifted).mean(axis=1), size=size).p == 1
    assert sign_flip(np.full(6, 1e-17)).p == 1
    assert sign_flip(np.full(6, 1e-3)).p == pytest.approx(2**-5)


def test_means_of_the_same_numbers_in_another_order_are_a_tie():
    one, other = np.full(6, np.mean([0.1, 0.2, 0.3])), np.full(6, np.mean([0.3, 0.2, 0.1]))
    assert one[0] != other[0]
    assert improvement(one, other).mean == improvement(other, one).mean == 0.5
    assert improvement(one + 1e-6, other).mean == 1


def test_a_change_of_the_gap_has_no_interval_where_runs_share_pools_in_groups():
    pools = [0, 0, 0, 1, 1, 1]
    parts = [study(stream(n, "arms"), pools, 10, 20)[0] for n in (4, 5)]
    test = stream(6, "arms").normal(0, 1, (6, 20))
    frames = [
        folded(train, test, pools).assign(agent=agent)
        for train, agent in zip(parts, "ab", strict=True)
    ]
    frame = pd.concat(frames)
    held_out = frame["split"] == "test"
    frame.loc[held_out, "level_id"] %= 1000  # the same of all runs
    (pair,) = comparisons(frame)
    assert not pair.reason
    assert pair.gap.reason == GROUPS
    assert np.isnan(pair.gap.low)
    assert not np.isnan(pair.gap.mean)


def test_the_change_of_the_training_return_counts_shared_levels():
    rng = stream(7, "shared pools")
    both = [rng.normal(1, 0.1, (6, 1)) + rng.normal(0, 0.5, (6, 10)) for _ in range(2)]
    test = rng.normal(0, 1, (6, 20))
    frames = [
        folded(list(train), test, [0] * 6).assign(regulariser=name)
        for train, name in zip(both, ("none", "dropout"), strict=True)
    ]
    frame = pd.concat(frames)
    held_out = frame["split"] == "test"
    frame.loc[held_out, "level_id"] %= 1000
    frame.loc[:, "run_id"] = frame["run_id"] + frame["regulariser"]
    (effect,) = effects(frame)
    right = intervals.crossed_mean(both[1] - both[0])
    assert (effect.train.mean, effect.train.low, effect.train.high) == pytest.approx(
        (right.mean, right.low, right.high)
    )


def test_sizes_are_not_planned_from_runs_whose_variance_is_not_known():
    pools = [0, 0, 0, 1, 1, 1]
    train, test = study(stream(8, "shared pools"), pools, 10, 20)
    frame = folded(train, test, pools)
    assert gap_spread(frame).reason == OWN.format(pool="held-out")
    frame.loc[frame["split"] == "test", "level_id"] %= 1000
    assert gap_spread(frame).reason == GROUPS
    assert gap_spread(frame[frame["seed"].isin([0, 3])]).runs == 2


def test_no_limit_is_broken_by_rounding():
    for measured, limit, size in ((0.9 - 0.6, 0.3, 1.0), (1.2e-16, 0, 1.0), (1e-5, 0, 1e9)):
        answer = unjudged("gap", "gap", Estimate(measured, reason=ALIKE), 0.95)
        for when in ("likely", "sure", "possible"):
            assert judged(answer, limit, when, "3 runs", size).verdict == PASSED
    beyond = unjudged("gap", "gap", Estimate(0.301, reason=ALIKE), 0.95)
    last = judged(beyond, 0.3, "likely", "3 runs")
    assert last.verdict == FAILED
    assert "no interval: all values are equal (3 runs)" in last.line


def test_a_checkpoint_at_two_thirds_is_in_the_last_third():
    steps = np.arange(1, 10) * 1e6
    assert trend(steps, np.arange(9) / 9, optimum=2.0).word == "rising"
