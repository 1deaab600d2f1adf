"""Standard deviations of a study, and the answers of ``rlgen power``."""

import numpy as np
import pandas as pd
import pytest

from rlgen.analysis.stats import power, sample_size
from rlgen.analysis.stats.estimates import SOME, estimates
from rlgen.analysis.stats.intervals import Estimate
from rlgen.analysis.stats.sample_size import Spread
from rlgen.util.seeding import stream


def records(train, test, **keys):
    """One cell's records from ``(S, n)`` and ``(S, L)`` returns."""
    rows = [
        {"run_id": f"r{s}", "split": split, "level_id": base + level, "ret_mean": value}
        for split, base, table in (("train", 1000, train), ("test", 0, test))
        for s, row in enumerate(table)
        for level, value in enumerate(row)
    ]
    cell = {"family": "f", "agent": "a", "network": "n", "n_train_levels": 3}
    return pd.DataFrame(rows).assign(**cell, flip_p=0.0, regulariser="none", **keys)


def drawn(runs, levels=80, seed=0):
    rng = stream(seed, "planning")
    gap = 0.4 * rng.standard_normal((runs, 1))
    test = 0.7 * rng.standard_normal((1, levels)) + 0.5 * rng.standard_normal((runs, levels))
    return records(1 + gap * np.ones((1, 2)), test)


@pytest.mark.slow
def test_the_spread_of_a_study_is_found():
    told = sample_size.gap_spread(drawn(400))
    assert told.run == pytest.approx(0.4, rel=0.1)
    assert told.residual == pytest.approx(0.5, rel=0.03)
    assert told.level == pytest.approx(0.7, rel=0.2)
    assert (told.runs, told.levels, told.reason) == (400, 80, "")
    # with few levels the residual moves the gaps of runs: that is not the runs' own
    assert sample_size.gap_spread(drawn(400, levels=3)).run == pytest.approx(0.4, rel=0.1)


def test_cells_are_pooled_by_their_runs():
    few, many = drawn(3), drawn(9, seed=1)
    both = pd.concat([few, many.assign(network="m")])
    alone = [sample_size.gap_spread(cell).residual ** 2 for cell in (few, many)]
    told = sample_size.gap_spread(both)
    assert told.residual**2 == pytest.approx((2 * alone[0] + 8 * alone[1]) / 10)
    assert told.runs == 3
    # a cell that tells nothing does no harm
    assert sample_size.gap_spread(pd.concat([both, drawn(1).assign(network="o")])) == told


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (drawn(1), "one run has no variance components"),
        (drawn(3, levels=1), "one level has no variance components"),
        (drawn(3).query("split == 'test'"), "there are no runs with training and test levels"),
        (drawn(3).query("split == 'train'"), "there are no runs with training and test levels"),
        (drawn(3).query("split == 'test' or run_id != 'r1'"), "a return is not a number"),
        (drawn(3).query("run_id != 'r1' or level_id != 3"), SOME),
        (drawn(3).iloc[:0], "there are no runs with training and test levels"),
        (drawn(3).assign(ret_mean=np.nan), "a return is not a number"),
    ],
)
def test_no_spread_and_why(table, reason):
    told = sample_size.gap_spread(table)
    assert np.isnan([told.run, told.residual, told.level]).all()
    assert told.reason == reason


def test_what_is_asked_is_answered_and_no_more():
    spread = Spread(0.25, 0.8, 0.5)
    told = sample_size.answers(spread, gap=0.2, runs=5, levels=100)
    assert told == {
        "needs": [{"levels": 100, "runs": power.runs_needed(0.2, 0.25, 0.8, 100, sd_level=0.5)}],
        "levels_needed": None,
        "detects": power.detectable(0.25, 0.8, 5, 100, sd_level=0.5),
    }
    told = sample_size.answers(spread, gap=0.2)
    assert [row["levels"] for row in told["needs"]] == [100, 200, 1000]
    apart = Spread(0.25, 0.8)
    (row,) = sample_size.answers(apart, gap=0.2, levels=100)["needs"]
    assert row["runs"] == power.runs_needed(0.2, 0.25, 0.8, 100)
    told = sample_size.answers(spread, gap=0.5, runs=10)
    assert told["levels_needed"] == power.levels_needed(0.5, 0.25, 0.8, 10, sd_level=0.5)
    assert sample_size.answers(spread, runs=5) == {}
    split = sample_size.answers(spread, budget=(36_000.0, 600.0, 0.05))["split"]
    best = power.best_split(36_000.0, 600.0, 0.05, 0.25, 0.5, 0.8)
    assert (split["runs"], split["levels"]) == (best.runs, best.levels)
    assert split["detects"] == power.detectable(0.25, 0.8, best.runs, best.levels, sd_level=0.5)


def test_power_and_report_say_the_same_of_a_study():
    study = drawn(6).assign(condition="plain", oracle_ret=2.0, random_ret=0.0, p_solved=0.0)
    spread = sample_size.gap_spread(study)
    detects = sample_size.answers(spread, runs=6, levels=80)["detects"]
    (gap,) = estimates(study).query("part == 'gap' and quantity == 'return'").to_dict("records")
    own = Estimate(gap["mean"], gap["low"], gap["high"], gap["variance"], gap["df"])
    assert detects == pytest.approx(power.achieved(own).mean, rel=0.02)
