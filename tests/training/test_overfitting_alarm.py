"""The overfitting alarm in training: what raises it, what never does, where it is told."""

import math
from dataclasses import replace

import numpy as np
import pytest
from helpers import TINY
from learning import train

from rlgen import draw_split
from rlgen.analysis.results import Results
from rlgen.report.figures import FIGURES
from rlgen.report.summary import summarise
from rlgen.store import records
from rlgen.store.run_store import RunStore
from rlgen.training.overfitting_alarm import _drawn, gap_low, spent
from rlgen.util.seeding import stream
from rlgen_envs import FAMILIES

SMALL = FAMILIES["maze-basic"].configure({"size": 5})
LOW, HIGH = SMALL.return_bounds()
#: Three levels known as a whole, and twelve of which eight are watched.
WHOLE, PART = draw_split(SMALL, 3, 0, 2), draw_split(SMALL, 12, 0, 2)


def limit(split, seen, new, *, checkpoint=1, seed=0, step=0):
    told = {"train": np.asarray(seen, float), "test": np.asarray(new, float)}
    return gap_low(split, told, checkpoint=checkpoint, seed=seed, step=step)


def lows(trained):
    return [row["gap_low"] for row in trained.curve if row["split"] == "test"]


@pytest.mark.slow
def test_a_run_that_memorises_raises_it_and_an_untrained_one_does_not():
    keys = {"agent": "ppo", "network": "mlp-512-128", "seed": 0}
    keys |= {"agent_options": TINY["agent_options"]}
    split = draw_split(SMALL, 3, 2, 60)
    memorised = train(split, steps=25_000, curve_points=2, curve_levels=60, **keys)
    assert math.isnan(lows(memorised)[0]), "it has learnt nothing yet"
    assert lows(memorised)[-1] > 0
    rows = {row["split"]: row for row in memorised.curve[-3:]}
    assert rows["test"]["gap_low"] < rows["train"]["ret_mean"] - rows["test"]["ret_mean"]
    assert math.isnan(rows["train"]["gap_low"])
    assert math.isnan(rows["validation"]["gap_low"])
    untrained = train(split, steps=1, curve_points=3, curve_levels=60, **keys)
    assert np.nanmax(lows(untrained)) < 0


@pytest.mark.slow
@pytest.mark.parametrize("split", [WHOLE, PART], ids=["whole", "part"])
def test_equal_pools_raise_it_in_few_runs(split):
    """The hardest returns there are: the best or the worst, looked at ten times."""
    raised, n = 0, len(split.train)
    best = np.arange(n) < n // 3
    chance = best.mean()
    for run in range(200):
        rng = stream(run, "equal pools")
        # The test levels stay, the training levels do not change their mean: no gap at any time.
        new = np.where(rng.random(60) < chance, HIGH, LOW)
        seen = np.where(rng.permutation(best)[:8], HIGH, LOW)
        raised += any(
            limit(split, seen, new, checkpoint=k, seed=run, step=k) > 0 for k in range(1, 11)
        )
    assert raised <= 16  # 10 expected at most, and two standard deviations


def test_a_gap_is_found_where_the_pool_is_known_and_where_it_is_sampled():
    new = np.full(60, -1.0)
    assert 0 < limit(WHOLE, [2.0] * 3, new) < 3
    many = draw_split(SMALL, 80, 0, 2)
    assert 0 < limit(many, [2.0] * 60, new) < limit(WHOLE, [2.0] * 3, new)


def test_later_checkpoints_have_less_alpha():
    new = np.linspace(-2, 1, 60)
    limits = [limit(WHOLE, [2.0] * 3, new, checkpoint=k) for k in (1, 2, 5, 20)]
    assert limits == sorted(limits, reverse=True)
    assert len(set(limits)) == 4


def test_alpha_is_spent_once():
    assert spent(0.05, 1) == pytest.approx(0.05 * 6 / np.pi**2)
    assert sum(spent(0.05, k) for k in range(1, 20_000)) == pytest.approx(0.05, rel=1e-4)
    with pytest.raises(ValueError, match="counted from 1"):
        spent(0.05, 0)


def test_the_same_seed_and_step_draw_the_same_levels():
    seen, new = np.linspace(-2, 2, 8), np.full(8, -1.0)
    one = limit(PART, seen, new, seed=3, step=5)
    assert one == limit(PART, seen, new, seed=3, step=5)
    assert one != limit(PART, seen, new, seed=4, step=5)
    assert one != limit(PART, seen, new, seed=3, step=6)


def test_draws_are_those_with_replacement_from_the_whole_pool():
    drawn = np.array([_drawn(np.array([0.0, 1.0]), 3, stream(i, "law")) for i in range(3000)])
    # Two draws from three levels are the same level once in three times.
    assert np.mean(drawn[:, 0] == drawn[:, 1]) == pytest.approx(1 / 3, abs=0.035)
    assert drawn.mean() == pytest.approx(0.5, abs=0.035)


def test_what_is_unknown_is_nan():
    assert math.isnan(limit(WHOLE, [], [1.0]))
    assert math.isnan(limit(WHOLE, [1.0], []))
    assert math.isnan(gap_low(WHOLE, {}, checkpoint=1, seed=0, step=0))
    assert math.isnan(limit(WHOLE, [1.0] * 3, [HIGH + 1] * 5)), "out of its bounds"
    assert math.isnan(limit(WHOLE, [1.0] * 3, [float("nan")] * 5))


def test_a_family_without_bounds_has_no_alarm(monkeypatch):
    monkeypatch.setattr(type(SMALL), "return_bounds", lambda *_: (-math.inf, 2.1))
    assert math.isnan(limit(WHOLE, [2.0] * 3, [-1.0] * 60))
    assert math.isnan(limit(PART, [2.0] * 8, [-1.0] * 60))


@pytest.mark.slow
def test_the_stored_curve_has_it(tiny_store):
    curves = RunStore(tiny_store).curves()
    assert list(curves) == records.CURVES.names
    looked = (curves["split"] == "test") & (curves["step"] > 0)
    assert curves.loc[looked, "gap_low"].notna().all()
    assert curves.loc[~looked, "gap_low"].isna().all()


def test_curves_of_older_stores_know_of_no_alarm(tiny_store, tmp_path):
    import pyarrow.parquet as pq

    file = next((tiny_store / "runs").glob("*/curve.parquet"))
    pq.write_table(pq.read_table(file).drop_columns("gap_low"), tmp_path / "old.parquet")
    assert records.read([tmp_path / "old.parquet"], records.CURVES)["gap_low"].isna().all()


@pytest.mark.slow
def test_report_and_figure_tell_the_first_alarm(tiny_store):
    study = Results.load(RunStore(tiny_store))
    quiet = replace(study, curves=study.curves.assign(gap_low=float("nan")))
    assert {told["step"] for told in summarise(quiet)["alarms"]} == {None}
    curves = study.curves.copy()
    run = str(curves["run_id"].iloc[0])
    steps = sorted(set(curves.loc[curves["run_id"] == run, "step"]))
    late = (curves["run_id"] == run) & (curves["split"] == "test") & (curves["step"] > steps[0])
    loud = replace(study, curves=curves.assign(gap_low=np.where(late, 0.1, -0.1)))
    assert loud.alarms == {run: steps[1]}
    told = {entry["run_id"]: entry["step"] for entry in summarise(loud)["alarms"]}
    assert sorted(told) == sorted(study.provenance)
    assert {name: step for name, step in told.items() if step is not None} == {run: steps[1]}
    calm, marked = (FIGURES["learning-curves"].draw(s) for s in (quiet, loud))
    assert calm.svg != marked.svg
    assert calm.data["alarmed"].sum() == 0
    rows = marked.data[marked.data["alarmed"] > 0]
    assert set(rows["step"]) == set(steps[1:])
    assert (rows["alarmed"] == 1).all()
