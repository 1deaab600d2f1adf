"""The effect of a regulariser, on records whose truth is known."""

import numpy as np
import pandas as pd
import pytest

from rlgen.analysis.stats import regularisers
from rlgen.analysis.stats.intervals import Estimate
from rlgen.util.seeding import stream


def records(shift_test=0.0, shift_train=0.0, seeds=6, levels=40, arms=("none", "spawn"), draw=1):
    """Returns of a memorising agent; the second arm's are shifted."""
    rng = stream(draw, "regularisers")
    level = {"train": rng.normal(1.8, 0.1, (seeds, levels)), "test": rng.normal(0, 0.3, levels)}
    rows = []
    for arm in arms:
        for seed in range(seeds):
            for split in ("train", "test"):
                base = level["train"][seed] if split == "train" else level["test"]
                shift = (shift_train if split == "train" else shift_test) * (arm != "none")
                for i in range(levels):
                    rows.append(
                        {
                            "run_id": f"{arm}{seed}",
                            "family": "f",
                            "agent": "a",
                            "network": "n",
                            "n_train_levels": 10,
                            "flip_p": 0.0,
                            "regulariser": arm,
                            "seed": seed,
                            "split": split,
                            "level_id": i + (1000 * seed if split == "train" else 10**6),
                            "condition": "plain",
                            "ret_mean": base[i] + shift + rng.normal(0, 0.05),
                            "oracle_ret": 2.1,
                            "random_ret": -0.3,
                        }
                    )
    return pd.DataFrame(rows)


def only(frame):
    (effect,) = regularisers.effects(frame)
    return effect


def test_the_change_is_found_with_its_sign():
    told = only(records(shift_test=0.4, shift_train=-0.1))
    assert told.keys["regulariser"] == "spawn"
    assert told.runs == 6
    assert told.test.low < 0.4 < told.test.high
    assert told.train.low < -0.1 < told.train.high
    assert told.gap.low < -0.5 < told.gap.high
    assert told.gap.high < 0 < told.test.low
    assert told.verdict == "helps, does not prevent"
    assert told.p == pytest.approx(2 / 2**6)
    assert only(records(shift_test=-0.4)).verdict == "harms, does not prevent"


@pytest.mark.slow
def test_intervals_hold_the_truth_as_often_as_they_say():
    told = [only(records(shift_test=0.1, levels=12, draw=draw)) for draw in range(60)]
    held = [effect.test.low < 0.1 < effect.test.high for effect in told]
    held_gap = [effect.gap.low < -0.1 < effect.gap.high for effect in told]
    # of 60 studies 57 are expected; 50 or fewer come about once in 700 times
    assert sum(held) > 50
    assert sum(held_gap) > 50


@pytest.mark.slow
def test_no_change_is_no_change():
    words = [only(records(levels=12, draw=draw)).verdict for draw in range(60)]
    assert words.count("no effect shown, does not prevent") > 50


def test_what_prevents():
    told = only(records(shift_test=2.05, shift_train=0.1))
    assert told.verdict == "prevents"
    assert told.score.low >= regularisers.PREVENTED


def test_nothing_known_shows_nothing():
    nothing = Estimate(float("nan"))
    assert regularisers.judge(nothing, nothing, nothing) == "no effect shown"


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (records(arms=("spawn",)), "no run without a regulariser"),
        (records()[lambda f: f["split"] == "train"], "no held-out levels"),
    ],
)
def test_what_cannot_be_compared_is_said(frame, reason):
    told = only(frame)
    assert told.verdict == "not comparable"
    assert reason in told.reason
    assert np.isnan(told.test.mean)


def test_other_levels_are_no_pair():
    frame = records()
    frame.loc[(frame["regulariser"] == "spawn") & (frame["split"] == "test"), "level_id"] += 7
    assert "other levels" in only(frame).reason


def test_one_pair_has_no_interval():
    told = only(records(seeds=1))
    assert np.isnan(told.test.low)
    assert told.test.reason
    assert told.verdict == "no effect shown"


def test_studies_without_regularisers_have_none():
    assert regularisers.effects(records(arms=("none",))) == []


@pytest.mark.slow
def test_in_the_report(tmp_path, tiny):
    import rlgen

    tiny |= {"regulariser": ["none", "dropout+random_spawn"], "n_train_levels": 3, "steps": 600}
    result = rlgen.evaluate(tiny, tmp_path / "s", jobs=2)
    (row,) = result.summary["regularisers"]
    assert row["regulariser"] == "random_spawn+dropout:0.1"
    assert row["runs"] == 2
    page = result.report.read_text()
    assert "Did regularising help?" in page
    assert row["verdict"] in page
