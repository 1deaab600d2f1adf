"""Power: worked examples, inverses, and a simulated study that finds what it should."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlgen.analysis.stats import intervals, power
from rlgen.analysis.stats.intervals import Estimate
from rlgen.errors import RlgenError
from rlgen.util.seeding import stream

SD = st.floats(0.05, 2)


def test_detectable_as_worked(worked_examples):
    told = worked_examples["mde_crossed"]
    spread = told["sd_seed_gap"], told["sd_resid"]
    told = worked_examples["mde_table_t"]
    for name, expect in told["mde"].items():
        runs, levels = (int(part[1:]) for part in name.split("_"))
        found = power.detectable(*spread, runs, levels, told["alpha"], told["power"])
        assert found == pytest.approx(expect)


def test_the_best_split_as_worked(worked_examples):
    told = worked_examples["optimal_levels"]
    money = told["budget_s"], told["c_train_s"], told["c_eval_s"]
    spread = told["sd_seed"], told["sd_level"], told["sd_resid"]
    bought = power.best_split(*money, *spread)
    unrounded = money[0] / (money[1] + told["L_star"] * money[2])
    assert abs(bought.runs - unrounded) <= 1
    assert bought.cost <= money[0]


@settings(deadline=None, max_examples=60)
@given(SD, SD, SD, st.floats(0.1, 20), st.floats(0.01, 5))
def test_no_other_split_is_better(run, level, residual, train_cost, level_cost):
    budget = 100 * train_cost + 300 * level_cost
    bought = power.best_split(budget, train_cost, level_cost, run, level, residual)
    assert bought.runs >= 2
    assert bought.levels >= 2
    assert bought.cost <= budget * (1 + 1e-9)
    for runs in range(2, int(budget / train_cost) + 1):
        levels = np.floor((budget / runs - train_cost) / level_cost)
        if levels >= 2:
            variance = run**2 / runs + level**2 / levels + residual**2 / (runs * levels)
            assert bought.sd_mean**2 <= variance * 1.001


def test_a_small_budget_is_refused():
    with pytest.raises(RlgenError, match="two runs on two levels cost 204"):
        power.best_split(200.0, 100.0, 1.0, 0.3, 0.7, 0.5)


def test_without_differences_between_runs_levels_are_all():
    assert power.best_split(1000.0, 10.0, 1.0, 0.0, 0.7, 0.0).runs == 2


@settings(deadline=None, max_examples=60)
@given(st.floats(0.05, 2), SD, SD, st.integers(1, 500))
def test_the_runs_needed_are_enough_and_no_more(d, sd_run, sd_residual, levels):
    runs = power.runs_needed(d, sd_run, sd_residual, levels)
    assert power.detectable(sd_run, sd_residual, runs, levels) <= d
    assert runs == 2 or power.detectable(sd_run, sd_residual, runs - 1, levels) > d


def test_a_narrow_range_of_levels_that_are_enough_is_seen():
    """Of many more levels the degrees of freedom are those of the runs, and they detect less."""
    own = {"d": 0.3706, "sd_run": 0.1, "sd_residual": 0.0, "runs": 2}
    levels = power.levels_needed(**own, sd_level=1.0)
    assert 100 < levels < 200
    detects = [power.detectable(0.1, 0.0, 2, n, sd_level=1.0) for n in (levels, 100_000)]
    assert detects[0] <= 0.3706 < detects[1]


@settings(deadline=None, max_examples=60)
@given(st.floats(0.2, 2), SD, SD, st.integers(2, 40))
def test_the_levels_needed_are_enough_or_none_is(d, sd_run, sd_residual, runs):
    levels = power.levels_needed(d, sd_run, sd_residual, runs)
    if levels is None:
        assert power.detectable(sd_run, sd_residual, runs, 1e12) >= d
    else:
        assert power.detectable(sd_run, sd_residual, runs, levels) <= d
        assert levels == 2 or power.detectable(sd_run, sd_residual, runs, levels - 1) > d


def test_levels_that_differ_are_needed_whatever_the_runs():
    more = {"sd_level": 1.0}
    assert power.detectable(0.3, 0.5, 5, 200, **more) > power.detectable(0.3, 0.5, 5, 200)
    assert power.runs_needed(0.2, 0.3, 0.5, 100, **more) is None
    runs = power.runs_needed(0.2, 0.3, 0.5, 1000, **more)
    levels = power.levels_needed(0.2, 0.3, 0.5, runs, **more)
    assert 400 < levels <= 1000
    assert power.detectable(0.3, 0.5, runs, levels, **more) <= 0.2
    assert np.isnan(power.detectable(0.3, 0.5, 5, 1, **more))


def test_one_run_detects_nothing():
    assert np.isnan(power.detectable(0.3, 0.5, 1, 100))
    assert power.levels_needed(0.5, 0.3, 0.5, 1) is None


def test_a_study_finds_what_it_can_detect():
    """Power .8 by simulation, with the test that the interval makes."""
    rng = stream(0, "power")
    runs, levels, sd_run, sd_residual = 8, 50, 0.3, 0.6
    d = power.detectable(sd_run, sd_residual, runs, levels)
    found = []
    for _ in range(1000):
        table = d + sd_run * rng.standard_normal((runs, 1))
        table = table + sd_residual * rng.standard_normal((runs, levels))
        found.append(intervals.run_mean(table.mean(axis=1)).low > 0)
    assert 0.75 < np.mean(found) < 0.85


def test_a_study_finds_the_gap_that_it_can_detect_though_levels_differ():
    rng = stream(0, "power of a gap")
    runs, levels, sd_run, sd_residual, sd_level = 8, 50, 0.3, 0.6, 1.0
    d = power.detectable(sd_run, sd_residual, runs, levels, sd_level=sd_level)
    found = []
    for _ in range(1000):
        table = sd_level * rng.standard_normal((1, levels)) + sd_run * rng.standard_normal(
            (runs, 1)
        )
        table = table + sd_residual * rng.standard_normal((runs, levels))
        train = [np.full(3, d)] * runs
        found.append(intervals.gap(train, table).low > 0)
    assert 0.75 < np.mean(found) < 0.85


def test_achieved_is_detectable_with_the_studys_own_variance():
    rng = stream(0, "power")
    means = rng.standard_normal(6)
    told = power.achieved(intervals.run_mean(means))
    assert told.mean == pytest.approx(power.detectable(means.std(ddof=1), 0.0, 6, 1))
    nothing = power.achieved(intervals.run_mean(means[:1]))
    assert np.isnan(nothing.mean)
    assert nothing.reason == "one run has no interval"
    assert power.achieved(Estimate(1.0, 0.5, 1.5)).reason == "the variance of the mean is not known"


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: power.runs_needed(0.0, 1, 1, 5), "d = 0.0: must be above 0"),
        (lambda: power.detectable(1, 1, 5, 0), "levels = 0: must be above 0"),
        (lambda: power.detectable(1, 1, 5, 5, power=1.0), "power = 1.0: must be between 0 and 1"),
        (lambda: power.best_split(0, 1, 1, 1, 1, 1), "budget = 0: must be above 0"),
    ],
)
def test_settings_that_make_no_sense_are_refused(call, told):
    with pytest.raises(RlgenError, match=told.replace(".", r"\.")):
        call()
