"""The report's statistics: cards, components, choices, certificates and the access log."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from made_results import made_results

import rlgen
from rlgen import report
from rlgen.analysis.results import Results
from rlgen.analysis.stats import (
    certificates,
    choices,
    components,
    power,
    scores,
    selection,
)
from rlgen.analysis.stats.estimates import CELL
from rlgen.analysis.verdicts import number, percent, percent_down, rounded_down
from rlgen.errors import RlgenError
from rlgen.report.figures import FIGURES
from rlgen.report.page import render
from rlgen.report.sections.certificates import sentence as certificate_sentence
from rlgen.report.sections.certificates import solves
from rlgen.report.summary import summarise
from rlgen.store.run_store import RunStore
from rlgen.study.facts import facts
from rlgen.util import files
from rlgen.util.seeding import stream
from rlgen_envs import FAMILIES

KEYS = dict(zip(CELL, ("maze-basic", "ppo", "conv-a", 10, 0.4, "none"), strict=True))
FACTS = facts(FAMILIES["maze-basic"], 0.4)


@pytest.fixture(scope="module")
def summary(tiny_store):
    return json.loads((tiny_store / "summary.json").read_text())


@pytest.fixture(scope="module")
def study(tiny_store):
    return Results.load(RunStore(tiny_store))


@pytest.fixture(scope="module")
def plain(tiny_store):
    records = rlgen.load(tiny_store)
    return records[records["condition"] == "plain"]


@pytest.fixture
def copy(tiny_store, tmp_path):
    shutil.copytree(tiny_store, tmp_path / "copy")
    return tmp_path / "copy"


def synthetic(train, validation, test, *, known=FACTS, solved=0.5):
    """A study of one cell; each pool's returns are runs x levels."""
    pools = {"train": train, "validation": validation, "test": test}
    return made_results(pools, oracle=2.1, random=-0.3, facts=known, solved=solved, **KEYS)


def drawn(runs=5, levels=40, seed=0):
    rng = stream(seed, "report statistics")
    return [np.clip(rng.normal(mean, 0.3, (runs, levels)), -5, 2.1) for mean in (1.6, 0.5, 0.5)]


# Facts of a family, without importing one.


def test_facts_are_the_method_s(worked_examples):
    for told in worked_examples["type_policy_ceiling"]:
        assert facts(FAMILIES["maze-tunnel"], told["p"])["ceiling"] == pytest.approx(
            told["C_train"]
        )
    bounds = worked_examples["return_bounds"]
    found = facts(FAMILIES["maze-basic"], 0.4)
    assert found["best"] == 2.1
    assert found["bounds"]["train"] == pytest.approx(bounds["flipped_worst_k1"])
    assert found["bounds"]["test"] == pytest.approx(bounds["base"]), "never flipped"


def test_other_rescalings_have_no_known_ceiling():
    literal = FAMILIES["maze-basic"].configure({"rescale": "all", "flip_key": True})
    assert facts(literal, 0.4)["ceiling"] is None


@pytest.mark.slow
def test_the_ceiling_is_what_flips_drawn_give():
    """The family's own flips, averaged, against the formula."""
    values = FAMILIES["maze-basic"].generate(range(20_000), 0.4).values[:, :4].mean(axis=0)
    assert FACTS["ceiling"] == pytest.approx(0.1 + np.maximum(values, 0).sum(), abs=0.03)


def test_every_plan_entry_has_facts(tiny_store):
    for entry in RunStore(tiny_store).plan():
        assert set(entry["facts"]) == {"best", "bounds", "ceiling"}
        assert entry["facts"]["ceiling"] == pytest.approx(
            2.1 - 2.0 * (entry["settings"]["flip_p"] > 0)
        )


@pytest.mark.slow
def test_a_plan_without_facts_is_unknown_and_no_error(copy):
    before = RunStore(copy).state()
    plan = [{k: v for k, v in e.items() if k != "facts"} for e in RunStore(copy).plan()]
    files.replace(copy, {"plan.json": files.json_bytes(plan)})
    assert RunStore(copy).state() != before
    report.write(RunStore(copy))
    told = json.loads((copy / "summary.json").read_text())
    flipped = [cell for cell in told["cells"] if cell["flip_p"]]
    assert {cell["excess"]["reason"] for cell in flipped} == {"the ceiling is not known"}
    for certificate in told["certificates"]:
        assert certificate["return"]["lower"] is None
        assert "not known" in certificate["return"]["reason"]
        assert certificate["solved"]["lower"] is not None, "needs no facts"


# Cards and components.


def test_cards_say_what_the_functions_say(study, summary, plain):
    for cell in summary["cells"]:
        rows = plain[np.logical_and.reduce([plain[key] == cell[key] for key in CELL])]
        test = rows[rows["split"] == "test"].pivot_table(
            index="run_id", columns="level_id", values="ret_mean", observed=True
        )
        found = components.components(test.to_numpy())
        assert cell["components"]["run"] == pytest.approx(found.run)
        shares = dict(zip(("run", "level", "residual"), found.shares, strict=True))
        assert cell["components"]["shares"] == pytest.approx(shares)
        assert cell["components"]["advice"] in {"buy more runs", "buy more levels"}
        gap = study.estimate(cell, "plain", "return", "gap")
        assert cell["detectable"]["return"] == pytest.approx(power.achieved(gap).mean)
        assert cell["detectable"]["return"] > (cell["gap"]["high"] - cell["gap"]["low"]) / 2
        if cell["flip_p"]:
            ceiling = scores.ceiling((1, 1, -1, -1), cell["flip_p"], 0.1).train
            assert cell["excess"]["mean"] == pytest.approx(cell["train"]["mean"] - ceiling)
            assert cell["excess"]["low"] == pytest.approx(cell["train"]["low"] - ceiling)
        else:
            assert cell["excess"]["mean"] is None
            assert cell["excess"]["reason"] == "no rewards are flipped"


def test_the_excess_of_the_method_s_example(worked_examples):
    told = worked_examples["memorisation_excess"]
    cell = summarise(synthetic(*(np.full((3, 4), told["train_return"]) for _ in range(3))))[
        "cells"
    ][0]
    assert cell["excess"]["mean"] == pytest.approx(told["expect"]["excess"], abs=1e-4)
    assert cell["excess"]["fraction"] == pytest.approx(told["expect"]["fraction"], abs=1e-4)


@pytest.mark.slow
def test_what_could_be_detected_stands_beside_null_results_only(study, summary):
    page = render(study, summary)
    assert {cell["verdict"] for cell in summary["cells"]}.isdisjoint({"memorises"})
    for cell in summary["cells"]:
        words = f"Smallest detectable gap: {number(cell['detectable']['return'])},"
        assert page.count(words) >= 2, "in the answer and on the card"
    found = synthetic(*drawn())
    told = summarise(found)
    assert told["cells"][0]["verdict"] == "memorises"
    assert "Smallest detectable gap" not in render(found, told)


@pytest.mark.slow
def test_every_caption_says_what_its_intervals_are_for(study, summary):
    page = " ".join(render(study, summary).split())
    assert page.count("new training runs on new levels of the same family") >= 4
    assert "they are about the algorithm with these settings, not about one trained policy" in page
    for name in FIGURES:
        reading = FIGURES[name].reading
        assert "95 %" not in reading or "for new training runs" in reading


# Data that cannot answer.


NAN_ROW = np.array([[1.0, 1.5, 0.9], [np.nan] * 3, [1.2, 1.1, 0.8]])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("returns", "reason"),
    [
        (np.array([[1.0, 0.5, 2.0]]), "one run has no"),
        (np.array([[1.0], [0.5], [0.7]]), "one level has no"),
        (np.full((3, 4), 2.0), "equal"),
        (NAN_ROW, "not a number"),
    ],
    ids=["one run", "one level", "all equal", "nan row"],
)
def test_bad_data_gives_nan_with_a_reason(returns, reason):
    made = synthetic(returns, returns, returns)
    summary = summarise(made)
    (cell,) = summary["cells"]
    assert reason in cell["components"]["reason"]
    assert cell["components"]["advice"] == ""
    assert cell["components"]["shares"]["run"] is None
    assert cell["detectable"]["return"] is None
    assert reason in cell["detectable"]["reason"]
    page = render(made, summary)
    assert cell["components"]["reason"] in page
    assert ">nan<" not in page
    assert "NaN" not in json.dumps(summary)


def test_a_run_with_a_nan_has_no_certificate_and_the_others_have():
    first, second, third = summarise(synthetic(NAN_ROW, NAN_ROW, NAN_ROW))["certificates"]
    assert second["return"]["lower"] is None
    assert "nan" in second["return"]["reason"]
    assert first["return"]["lower"] < first["return"]["mean"]
    assert third["return"]["lower"] < third["return"]["mean"]


# Choices.


def test_choices_are_those_of_the_functions(study, summary, plain):
    assert len(summary["selection"]) == 4
    for told, group in zip(summary["selection"], choices.groups(study.main_records), strict=True):
        assert [job["run_id"] for job in told["jobs"]] == sorted(
            job["run_id"] for job in told["jobs"]
        )
        train, validation, test = (
            np.array([job[pool] for job in told["jobs"]])
            for pool in ("train", "validation", "test")
        )
        for job in told["jobs"]:
            mine = plain[plain["run_id"].astype(str) == job["run_id"]]
            assert job["test"] == pytest.approx(mine[mine["split"] == "test"]["ret_mean"].mean())
        assert told["mean"]["mean"] == pytest.approx(test.mean())
        assert told["best_of_k"]["test"][0] == pytest.approx(test.mean())
        assert told["best_of_k"]["train"][-1] == pytest.approx(train.max())
        assert told["best_of_k"]["test"][-1] == pytest.approx(test[train.argmax()])
        assert told["validated"]["runs"] == [told["jobs"][validation.argmax()]["run_id"]]
        assert told["validated"]["test"]["mean"] == pytest.approx(test[validation.argmax()])
        assert told["top"]["test"] == pytest.approx(test.mean()), "three of three"
        assert told["top"]["luck"] == 0
        assert group.keys["n_train_levels"] == told["n_train_levels"]


def test_top_three_of_many_and_their_luck():
    made = synthetic(*drawn(runs=8))
    (told,) = summarise(made)["selection"]
    train, test = (np.array([job[pool] for job in told["jobs"]]) for pool in ("train", "test"))
    best = np.argsort(train)[-3:]
    assert told["top"]["train"] == pytest.approx(train[best].mean())
    assert told["top"]["test"] == pytest.approx(test[best].mean())
    luck = selection.winners_curse(8, 3) * train.std(ddof=1)
    assert told["top"]["luck"] == pytest.approx(luck)
    assert luck > 0


def test_jobs_of_all_agents_and_networks_are_one_group():
    made = synthetic(*drawn(runs=4))
    other = made.records["seed"] > 1
    mixed = made.records.assign(network=np.where(other, "mlp-512-128", "conv-a"))
    (group,) = choices.groups(mixed)
    assert list(group.jobs["network"]) == ["conv-a", "conv-a", "mlp-512-128", "mlp-512-128"]
    drawing = FIGURES["best-of-k"].draw(replace(made, records=mixed))
    assert len(drawing.data) == 8, "four jobs and four points of the line"


def test_two_jobs_have_no_top_three_and_no_figure():
    made = synthetic(*drawn(runs=2))
    summary = summarise(made)
    assert summary["selection"][0]["top"]["test"] is None
    assert "fewer than 3 runs" in render(made, summary)
    assert FIGURES["best-of-k"].draw(made) is None


def test_without_validation_levels_nothing_is_chosen_and_it_says_why():
    train, _, test = drawn()
    (told,) = summarise(synthetic(train, np.empty((5, 0)), test))["selection"]
    assert told["validated"]["runs"] == []
    assert told["validated"]["reason"] == "there are no validation levels"


# Certificates and the access log.


def test_certificates_are_the_bounds_of_the_functions(summary, plain):
    assert len(summary["certificates"]) == 12
    for told in summary["certificates"]:
        mine = plain[plain["run_id"].astype(str) == told["run"]]
        test = mine[mine["split"] == "test"].sort_values("level_id")
        bound = certificates.betting(test["ret_mean"], -5, 2.1)
        assert told["return"]["lower"] == pytest.approx(bound.lower)
        assert told["levels"] == 8
        assert told["exact"] is True
        assert told["refused"] == ""
        assert told["sentence"].startswith("With 95 % confidence the frozen policy's mean return")


def test_solved_levels_are_counted_where_they_can_be():
    ones = np.repeat([1.0, 0.0], [94, 6])
    assert solves(ones) == certificates.clopper_pearson(94, 100)
    assert solves(ones * 0.9) == certificates.betting(ones * 0.9, 0, 1)
    assert solves([]).reason
    assert solves([0.5, np.nan]).reason


def test_certificates_hold():
    """Of 400 policies at most a twentieth, and chance, are promised too much."""
    rng = stream(0, "certificates of the report")
    wrong = 0
    for _ in range(400):
        ease = rng.beta(0.6, 0.4, 60)
        wrong += solves(ease).lower > 0.6
    assert wrong <= 400 * 0.05 + 3 * np.sqrt(400 * 0.05 * 0.95)


def test_bounds_of_small_returns_have_digits():
    returns = np.full(400, 0.004)
    bound = certificates.betting(returns, 0, 0.005)
    assert 0.003 < bound.lower < 0.004
    said = certificate_sentence(bound, solves(np.ones(400)), size=0.004)
    assert f"is at least {np.floor(bound.lower * 1e5) / 1e5:.5f}, and" in said
    assert "is at least −0.13, and" in certificate_sentence(
        replace(bound, lower=-0.123), solves(np.ones(400)), size=0.004
    )


def test_bounds_are_rounded_down():
    assert rounded_down(0.00129, 0.0042) == "0.00129"
    assert rounded_down(-0.001291, 0.0042) == "−0.00130"
    assert rounded_down(0.459) == "0.45"
    assert rounded_down(-0.451) == "−0.46"
    assert percent_down(0.9999) == "99 %"
    assert percent(0.996) == "100 %"
    assert percent(None) == "–"


@pytest.mark.slow
def test_a_choice_on_test_levels_is_noted_and_refused(copy):
    store = RunStore(copy)
    assert store.accesses() == []
    assert report.is_current(store)
    (best,) = rlgen.select(copy, pool="test")
    (entry,) = store.accesses()
    assert entry["pool"] == "test"
    assert entry["purpose"] == "selection"
    assert entry["manifest"] in {path.stem for path in (copy / "splits").iterdir()}
    assert not report.is_current(store), "the page must say it"
    page = report.write(store).read_text()
    summary = json.loads((copy / "summary.json").read_text())
    told = f"refused: test levels were read by a selection on {entry['date']}"
    assert best in {certificate["run"] for certificate in summary["certificates"]}
    for certificate in summary["certificates"]:
        assert certificate["refused"] == told
        assert certificate["return"]["lower"] is None
        assert certificate["solved"]["lower"] is None
        assert certificate["sentence"] == f"No certificate: {told}."
    assert f"R{told[1:]}. Selecting on a pool biases its returns upwards" in page
    assert summary["accesses"] == [entry]


@pytest.mark.slow
@pytest.mark.parametrize("pool", ["train", "validation"])
def test_a_choice_on_other_levels_leaves_certificates(copy, pool):
    rlgen.select(copy, pool=pool)
    report.write(RunStore(copy))
    summary = json.loads((copy / "summary.json").read_text())
    assert [entry["pool"] for entry in summary["accesses"]] == [pool]
    assert all(told["return"]["lower"] is not None for told in summary["certificates"])


def test_a_choice_of_one_family_leaves_the_other():
    made = synthetic(*drawn())
    other = made.records.assign(
        family="maze-tunnel", manifest="other", run_id="t-" + made.records["run_id"]
    )
    entry = {"pool": "test", "purpose": "selection", "manifest": "other", "date": "a day"}
    both = replace(made, records=pd.concat([made.records, other]), accesses=[entry])
    refused = {told["family"]: told["refused"] for told in summarise(both)["certificates"]}
    assert refused == {
        "maze-basic": "",
        "maze-tunnel": "refused: test levels were read by a selection on a day",
    }
    unknown = replace(both, accesses=[entry | {"manifest": "lost"}])
    assert all(told["refused"] for told in summarise(unknown)["certificates"])


def test_select_ranks_runs(copy, plain):
    rows = plain[plain["split"] == "validation"]
    means = rows.groupby("run_id", observed=True)["ret_mean"].mean()
    means.index = means.index.astype(str)
    wanted = list(means.sort_values(ascending=False).index[:4])
    assert rlgen.select(copy, k=4) == wanted
    assert rlgen.select(copy) == wanted[:1]
    assert len(RunStore(copy).accesses()) == 2, "each choice is an entry of its own"


def test_ties_come_in_the_order_of_the_ids():
    made = synthetic(*(np.full((3, 4), 2.1) for _ in range(3)))
    assert choices.best(made.records, "test", 2) == ["run-0", "run-1"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pool": "tets"}, "did you mean 'test'"),
        ({"k": 0}, "from 1 to 12"),
        ({"k": 2.5}, "k = 2.5: must be a whole number"),
        ({"k": "1"}, "k = '1': must be a whole number"),
        ({"k": 13}, "from 1 to 12"),
    ],
)
def test_what_cannot_be_chosen_is_not_noted(copy, arguments, message):
    with pytest.raises(RlgenError, match=message):
        rlgen.select(copy, **arguments)
    assert RunStore(copy).accesses() == []


def test_the_log_keeps_what_is_entered_at_the_same_time(copy):
    from concurrent.futures import ThreadPoolExecutor

    store = RunStore(copy)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: store.log_access("test", "selection", str(n)), range(40)))
    assert {entry["manifest"] for entry in store.accesses()} == {str(n) for n in range(40)}


def test_a_store_without_a_log_has_no_entries(copy):
    shutil.rmtree(copy / "access", ignore_errors=True)
    assert RunStore(copy).accesses() == []
    assert len(rlgen.select(copy)) == 1
    assert len(RunStore(copy).accesses()) == 1


@pytest.mark.slow
def test_what_is_written_into_the_log_is_escaped(copy):
    RunStore(copy).log_access("test", "selection", "m")
    (path,) = (copy / "access").iterdir()
    entry = json.loads(path.read_text()) | {"date": "<script>x</script>"}
    path.unlink()
    files.write_json(path.with_name("20260101T000000-old.json"), entry)
    page = report.write(RunStore(copy)).read_text()
    assert "<script" not in page
    assert "&lt;script&gt;x" in page
