"""Intervals and estimates: worked examples, simulation, and what must not become a number."""

import numpy as np
import pandas as pd
import pytest

from rlgen.analysis import verdicts
from rlgen.analysis.stats import estimates as tables
from rlgen.analysis.stats import intervals, scores
from rlgen.analysis.stats.intervals import Estimate
from rlgen.analysis.stats.variance import two_way
from rlgen.util.seeding import stream

NAN = float("nan")


def test_two_way_as_worked(worked_examples):
    told = worked_examples["crossed_twoway"]
    returns, expect = np.array(told["Y"]), told["expect"]
    table = two_way(returns)
    assert table.mean == pytest.approx(expect["mean"])
    assert table.ms_run == pytest.approx(expect["MS_seed"])
    assert table.ms_level == pytest.approx(expect["MS_level"])
    assert table.ms_residual == pytest.approx(expect["MS_resid"])
    assert table.var_run == pytest.approx(expect["sigma2_seed"])
    assert table.var_level == pytest.approx(expect["sigma2_level"])
    estimate = intervals.crossed_mean(returns)
    assert estimate.variance == pytest.approx(expect["var_twoway"])
    assert estimate.df == pytest.approx(expect["df_satterthwaite"])
    assert [estimate.low, estimate.high] == pytest.approx(expect["ci95"])


def test_levels_alone_do_not_make_up_for_runs(worked_examples):
    """Two runs that differ everywhere: many equal levels tell no more than one."""
    returns = np.array(worked_examples["crossed_degenerate"]["Y"], float)
    estimate = intervals.crossed_mean(returns)
    # sample variance 2 over 2 runs; the example's population variance 1 over 2 runs is 1/2
    expect = worked_examples["crossed_degenerate"]["expect"]
    assert estimate.variance == pytest.approx(2 * expect["var_seed_only"])
    assert intervals.crossed_mean(np.repeat(returns, 100, axis=1)).variance == pytest.approx(1.0)


def test_normalised_scores_as_worked(worked_examples):
    told = worked_examples["gap"]
    records = pd.DataFrame(
        {
            "ret_mean": [told["J_train"], told["J_test"], 1.0],
            "oracle_ret": [told["oracle"], told["oracle"], 0.3],
            "random_ret": [told["rand_train"], told["rand_test"], 0.3],
        }
    )
    train, test, unknown = scores.normalised_score(*records.to_numpy().T)
    assert train == pytest.approx(told["expect"]["S_train"])
    assert test == pytest.approx(told["expect"]["S_test"])
    assert train - test == pytest.approx(told["expect"]["norm"])
    assert np.isnan(unknown)


def simulate(rng, runs, levels, *, run=0.3, level=0.7, noise=0.5, mean=1.0):
    return (
        mean
        + run * rng.standard_normal((runs, 1))
        + level * rng.standard_normal((1, levels))
        + noise * rng.standard_normal((runs, levels))
    )


def coverage(estimate_of, truth, studies=400):
    rng = stream(0, "coverage")
    hits = [e.low <= truth <= e.high for e in (estimate_of(rng) for _ in range(studies))]
    return np.mean(hits)


def test_coverage_of_the_crossed_interval():
    assert 0.92 <= coverage(lambda r: intervals.crossed_mean(simulate(r, 5, 200)), 1.0) <= 0.98


@pytest.mark.parametrize("lacking", ["run", "level", "noise"])
def test_coverage_where_a_component_is_missing(lacking):
    """It may be conservative there; it must not be short, nor of any width."""

    def one(rng):
        return intervals.crossed_mean(simulate(rng, 5, 200, **{lacking: 0.0}))

    assert coverage(one, 1.0) >= 0.92
    rng = stream(1, "width")
    widths = [e.high - e.low for e in (one(rng) for _ in range(200))]
    assert max(widths) < 20 * np.median(widths)


@pytest.mark.parametrize("shared", [False, True])
def test_coverage_of_the_gap(shared):
    """Runs with training pools of their own, and with one pool for all."""

    def one(rng):
        # A run's quality moves both means; overfitting is a run's own.
        quality, overfit = 0.3 * rng.standard_normal(5), 0.2 * rng.standard_normal(5)
        test = simulate(rng, 5, 200, run=0.0, mean=0.0) + quality[:, None]
        if shared:
            train = simulate(rng, 5, 50, run=0.0, mean=1.0) + (quality + overfit)[:, None]
        else:
            train = [
                simulate(rng, 1, 50, run=0.0, mean=1.0)[0] + quality[s] + overfit[s]
                for s in range(5)
            ]
        return intervals.gap(list(train), test, shared_pool=shared)

    assert 0.92 <= coverage(one, 1.0) <= 0.985


def test_coverage_with_three_runs():
    assert 0.90 <= coverage(lambda r: intervals.crossed_mean(simulate(r, 3, 100)), 1.0) <= 0.98


@pytest.mark.parametrize(
    "estimate",
    [
        intervals.crossed_mean(np.ones((1, 50))),
        intervals.crossed_mean(np.ones((5, 1))),
        intervals.run_mean(np.ones(1)),
        intervals.gap([np.ones(3)], np.zeros((1, 4))),
        intervals.gap([np.ones(3), np.ones(3)], np.zeros((2, 1))),
    ],
)
def test_too_few_runs_or_levels_have_a_mean_and_no_interval(estimate):
    assert estimate.mean == 1.0
    assert np.isnan([estimate.low, estimate.high]).all()


@pytest.mark.parametrize(
    "estimate",
    [
        intervals.crossed_mean(np.full((3, 3), NAN)),
        intervals.crossed_mean(np.zeros((0, 3))),
        intervals.run_mean(np.array([1.0, NAN])),
        intervals.run_mean(np.zeros(0)),
        intervals.gap([], np.zeros((0, 4))),
        intervals.gap([np.array([NAN]), np.ones(1)], np.zeros((2, 4))),
    ],
)
def test_nothing_known_is_nan(estimate):
    assert np.isnan([estimate.mean, estimate.low, estimate.high]).all()


def test_equal_returns_have_no_interval_and_why():
    """They tell nothing of how far others would be; rounding does not hide it."""
    jitter = np.random.Generator(np.random.PCG64(0)).normal(0, 1e-13, (4, 6))
    for equal in (np.full((4, 6), 2.1), 2.1 + jitter, np.zeros((4, 6))):
        for told in (
            intervals.crossed_mean(equal),
            intervals.run_mean(equal.mean(axis=1)),
            intervals.level_mean(equal[0]),
            intervals.gap(list(equal), equal),
        ):
            assert np.isfinite(told.mean)
            assert np.isnan([told.low, told.high]).all()
            assert told.reason == "all values are equal"


@pytest.mark.parametrize(("mean", "spread"), [(1e10, 20.0), (3e-10, 1e-10), (1.0, 1e-8)])
def test_returns_of_any_size_that_differ_have_an_interval(mean, spread):
    returns = stream(0, "any size").normal(mean, spread, (5, 50))
    estimate = intervals.crossed_mean(returns)
    assert 0 < estimate.high - estimate.low < spread


def test_what_is_solved_as_good_as_never_has_no_interval():
    rows = records([[1.0, 1.5]] * 3, [[0.5, 0.7]] * 3)
    rare = np.where(rows["split"] == "test", 1e-11 * (1 + np.arange(len(rows))), 0.0)
    told = tables.estimates(rows.assign(p_solved=rare)).set_index(["quantity", "part"])
    assert told.loc[("solved", "test"), "reason"] == "all values are equal"
    often = tables.estimates(rows.assign(p_solved=rare * 1e9)).set_index(["quantity", "part"])
    assert often.loc[("solved", "test"), "high"] > 0


def records(train, test, **keys):
    """A record table from lists of returns: one list a run."""
    rows = [
        {
            "run_id": f"r{run}",
            "split": split,
            "level_id": base + level + (100 * run if split == "train" else 0),
            "ret_mean": value,
            "oracle_ret": 2.0,
            "random_ret": 0.0,
            "p_solved": 0.5,
        }
        for split, base, table in (("train", 0, train), ("test", 10**6, test))
        for run, row in enumerate(table)
        for level, value in enumerate(row)
    ]
    cell = {
        "family": "f",
        "agent": "a",
        "network": "n",
        "n_train_levels": 3,
        "flip_p": 0.0,
        "regulariser": "none",
        "condition": "plain",
    }
    return pd.DataFrame(rows).assign(**{**cell, **keys})


def test_estimates_of_a_study():
    train = [[2.0, 1.8, 2.0], [2.0, 2.0, 1.9]]
    test = [[0.0, 0.4, 0.2, 0.1], [0.1, 0.5, 0.0, 0.2]]
    rows = records(train, test)
    solved = rows["p_solved"].where(rows["ret_mean"] != 0.5, 1.0)  # one level by one run
    told = tables.estimates(rows.assign(p_solved=solved)).set_index(["quantity", "part"])
    assert told.loc[("return", "train"), "mean"] == pytest.approx(np.mean(train))
    assert told.loc[("return", "test"), "mean"] == pytest.approx(np.mean(test))
    gap = told.loc[("return", "gap")]
    assert gap["mean"] == pytest.approx(np.mean(train) - np.mean(test))
    assert gap["low"] < gap["mean"] < gap["high"]
    assert told.loc[("normalised", "gap"), "mean"] == pytest.approx(gap["mean"] / 2)
    assert told.loc[("return", "test"), "runs"] == 2
    assert told.loc[("return", "train"), "levels"] == 3
    assert told.loc[("solved", "test"), "high"] <= 1
    assert told.loc[("solved", "train"), "reason"] == "all values are equal"


def test_estimates_do_not_depend_on_the_order_of_rows():
    table = records([[1.0, 2.0], [0.5, 1.5]], [[0.0, 0.4], [0.1, 0.9]])
    shuffled = table.sample(frac=1, random_state=0)
    pd.testing.assert_frame_equal(tables.estimates(table), tables.estimates(shuffled))


def test_one_run_has_means_and_no_intervals():
    told = tables.estimates(records([[1.0, 2.0]], [[0.0, 0.4]])).set_index(["quantity", "part"])
    assert told.loc[("return", "gap"), "mean"] == pytest.approx(1.3)
    assert told["low"].isna().all()
    assert tables.estimates(records([], []).reindex(columns=records([[1]], [[1]]).columns)).empty


@pytest.mark.parametrize(
    ("train", "gap", "word"),
    [
        (Estimate(0.9), Estimate(0.6, 0.3, 0.9), "memorises"),
        (Estimate(0.9), Estimate(0.6, 0.2, 1.0), "undecided"),
        (Estimate(0.9), Estimate(0.1, 0.0, 0.2), "generalises"),
        (Estimate(0.9), Estimate(0.1, -0.4, 0.6), "undecided"),
        (Estimate(0.4), Estimate(0.0, -0.1, 0.1), "has not learnt"),
        (Estimate(0.9), Estimate(0.6), "undecided"),
        (Estimate(NAN), Estimate(NAN), "undecided"),
    ],
)
def test_verdicts(train, gap, word):
    told = verdicts.judge(train, gap, 0.25)
    assert told.word == word
    assert word in verdicts.rule(0.25)


def test_small_numbers_of_a_sentence_have_the_same_decimals():
    size = verdicts.largest(0.0042, None, NAN, -0.001)
    assert [verdicts.number(v, size) for v in (0.0042, -0.001, -1e-9, NAN)] == [
        "0.00420",
        "−0.00100",
        "0.00000",
        "–",
    ]
    assert verdicts.number(-2.5e-10, 3e-10) == "−2.50e−10"
    assert verdicts.number(0.001, verdicts.largest(0.001, 0.1)) == "0.00"


def test_numbers_for_people():
    assert [verdicts.number(v) for v in (1.234, -0.5, -0.001, NAN, None)] == [
        "1.23",
        "−0.50",
        "0.00",
        "–",
        "–",
    ]
