"""``rlgen check``: what passes, what fails, what cannot be judged, and what CI reads of it."""

import json
import shutil
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from commands import imported as modules
from commands import rlgen
from helpers import unsealed
from returns import imported, means, returns

from rlgen.analysis.gate import junit
from rlgen.analysis.gate.cells import limit_results
from rlgen.analysis.gate.limits import ERROR, FAILED, PASSED, Limits
from rlgen.analysis.results import Results
from rlgen.analysis.stats import intervals, paired
from rlgen.analysis.stats.increase import unpaired
from rlgen.analysis.stats.intervals import ALIKE, Estimate
from rlgen.errors import RlgenError, StoreError
from rlgen.report.comparing import compare
from rlgen.store.run_store import RunStore


@pytest.fixture
def make(tmp_path):
    """Makes a store of a table of returns."""

    def store(name, table, **asked):
        return imported(tmp_path, name, table, **asked)

    return store


def test_the_gap_is_the_report_s(make):
    table = returns(0.5)
    store = make("s", table)
    (cell,) = Results.load(RunStore(store)).cells
    (answer,) = limit_results(store, Limits(gap=0.3))
    told = Results.load(RunStore(store)).estimate(cell, "plain", "return", "gap")
    assert (answer.measured, answer.low, answer.high) == (told.mean, told.low, told.high)
    assert answer.measured == pytest.approx((means(table, "train") - means(table, "test")).mean())
    assert answer.verdict == FAILED
    assert answer.line.startswith("FAILED  gap of ppo/unknown trained on 12 levels of unknown: 0.")
    assert ", at most 0.3, 95 % interval [" in answer.line
    assert limit_results(store, Limits(gap=answer.measured))[0].verdict == PASSED, (
        "the limit is allowed"
    )


def test_another_confidence_widens_the_interval(make):
    store = make("s", returns())
    narrow, wide = (limit_results(store, Limits(gap=1, confidence=c))[0] for c in (0.8, 0.99))
    assert wide.low < narrow.low < narrow.measured == wide.measured < narrow.high < wide.high
    assert "99 % interval" in wide.line


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "verdicts", "words"),
    [
        ("far below", (PASSED, PASSED, PASSED), "surely within"),
        ("just below", (PASSED, PASSED, FAILED), "the interval reaches above it"),
        ("just above", (FAILED, PASSED, FAILED), "the interval reaches below it"),
        ("far above", (FAILED, FAILED, FAILED), "surely above"),
    ],
)
def test_when_a_limit_is_broken(make, place, verdicts, words):
    store = make("s", returns())
    (answer,) = limit_results(store, Limits(gap=0))
    limit = {
        "far below": answer.high + 0.1,
        "just below": (answer.measured + answer.high) / 2,
        "just above": (answer.measured + answer.low) / 2,
        "far above": answer.low - 0.1,
    }[place]
    for when, verdict in zip(("likely", "sure", "possible"), verdicts, strict=True):
        (told,) = limit_results(store, Limits(gap=limit, when=when))
        assert told.verdict == verdict
        assert words in told.because


def test_a_least_return_is_a_limit_from_below(make):
    store = make("s", returns())
    (answer,) = limit_results(store, Limits(least=5.0))
    assert answer.verdict == FAILED
    assert "at least 5" in answer.line
    assert "surely below" in answer.line
    assert limit_results(store, Limits(least=answer.low - 0.1))[0].because.startswith(
        "surely within"
    )
    assert "reaches below it" in limit_results(store, Limits(least=answer.low + 1e-3))[0].because


def test_one_run_is_judged_by_its_estimate_or_not_at_all(make):
    store = make("s", returns(seeds=[3]))
    for when, limit, verdict in [
        ("likely", 0.9, PASSED),
        ("likely", 0.1, FAILED),
        ("sure", 0.9, PASSED),  # cannot be surely above what it is not even above
        ("sure", 0.1, ERROR),
        ("possible", 0.9, ERROR),
        ("possible", 0.1, FAILED),
    ]:
        (answer,) = limit_results(store, Limits(gap=limit, when=when))
        assert answer.verdict == verdict, (when, limit)
        assert "no interval" in answer.line
        assert "one run has no interval" in answer.because or verdict == FAILED


def test_a_perfect_agent_passes_however_strict(make):
    table = returns().assign(**{"return": 2.1})
    store = make("s", table)
    for when in ("likely", "sure", "possible"):
        assert limit_results(store, Limits(gap=0.0, when=when))[0].verdict == PASSED
    assert limit_results(store, Limits(gap=-0.1, when="sure"))[0].verdict == FAILED


def test_who_has_learnt_nothing_is_told_of(make):
    table = returns(0.1).assign(oracle=10.0, random=0.0)
    (answer,) = limit_results(make("s", table), Limits(gap=0.5))
    assert answer.verdict == PASSED
    assert "it has not learnt, training score 0.1" in answer.because


# Against a baseline.


@pytest.mark.slow
def test_pairs_of_runs_are_what_the_paired_functions_say(make):
    before, now = returns(0.3, seeds=range(8)), returns(0.45, seeds=range(8))
    noise = np.arange(len(now)) % 7 / 100
    now["return"] += noise
    limits = Limits(increase=0.1)
    (answer,) = limit_results(make("now", now), limits, make("before", before))

    def matrix(pool):
        return np.stack(
            [
                table[(table["pool"] == pool)].pivot(index="seed", columns="level", values="return")
                for table in (now, before)
            ]
        )

    train, test = (a - b for a, b in (matrix("train"), matrix("test")))
    told = intervals.gap(list(train), test, shared_pool=True)
    assert answer.measured == pytest.approx(told.mean)
    assert (answer.low, answer.high) == pytest.approx((told.low, told.high))
    p = paired.sign_flip(train.mean(axis=1) - test.mean(axis=1)).p
    assert f"8 pairs of runs, sign-flip p {p:.2g}" in answer.because
    assert answer.verdict == FAILED
    assert "surely above" in answer.because, "what both have alike has cancelled"
    loose = limit_results(
        make("again", now.assign(seed=now["seed"] + 100)), limits, make("b2", before)
    )
    assert loose[0].measured == pytest.approx(answer.measured)
    assert loose[0].high - loose[0].low > 3 * (answer.high - answer.low)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda t: t.assign(seed=t["seed"] + 3), "2 of 5 runs have a seed in common"),
        (
            lambda t: t.assign(level=t["level"] + (t["pool"] == "test")),
            "the held-out levels are not those of the baseline",
        ),
        (
            lambda t: t.assign(level=t["level"] + 100 * (t["pool"] == "train")),
            "the training levels are not those of the baseline",
        ),
        (lambda t: t.drop(columns="level"), "it is not known which levels were played"),
        (
            lambda t: t.assign(run=t["seed"]).drop(columns="seed"),
            "the runs' seeds are not known",
        ),
        (
            lambda t: t.assign(run=t["seed"], seed=0),
            "several runs have the same seed",
        ),
    ],
)
def test_what_cannot_be_paired_says_why(make, change, why):
    now, before = change(returns(0.6)), returns(0.5)
    (answer,) = limit_results(make("now", now), Limits(increase=0.3), make("before", before))
    assert f"runs not paired, {why}" in answer.because
    assert answer.verdict == PASSED
    assert answer.low < answer.measured < answer.high


@pytest.mark.slow
def test_fewer_runs_than_the_baseline_are_paired_if_all_have_a_partner(make):
    now, before = returns(0.5, seeds=range(3)), returns(0.5, seeds=range(9))
    (answer,) = limit_results(make("now", now), Limits(increase=0.3), make("before", before))
    assert "3 pairs of runs" in answer.because
    assert "6 runs of the baseline left out" in answer.because


def test_no_run_of_the_study_that_is_judged_is_left_out(make):
    """Eight of ten runs are much worse than before, of other seeds than the baseline's two."""
    before, good = returns(0.1, seeds=range(2)), returns(0.1, seeds=range(2))
    now = pd.concat([good, returns(0.9, seeds=range(2, 10))])
    (answer,) = limit_results(make("now", now), Limits(increase=0.2), make("before", before))
    assert answer.measured == pytest.approx(0.64, abs=0.15)
    assert answer.verdict == FAILED
    assert "runs not paired, 2 of 10 runs have a seed in common" in answer.because


def test_unpaired_is_welch():
    one, other = Estimate(1.0, 0.5, 1.5, 0.04, 4.0), Estimate(0.4, 0.1, 0.7, 0.01, 9.0)
    told = unpaired(one, other, "why").estimate
    assert told.mean == pytest.approx(0.6)
    assert told.variance == pytest.approx(0.05)
    assert told.df == pytest.approx(0.05**2 / (0.04**2 / 4 + 0.01**2 / 9))
    alike = Estimate(0.0, reason=ALIKE)
    assert unpaired(alike, alike, "why").estimate.reason == ALIKE
    assert unpaired(one, alike, "why").estimate.reason.startswith("one of the two gaps")


def test_an_unchanged_study_has_not_changed(tiny_store, tmp_path):
    shutil.copytree(tiny_store, tmp_path / "again")
    told = limit_results(tiny_store, Limits(increase=0.0, when="possible"), tmp_path / "again")
    assert [answer.verdict for answer in told] == [PASSED] * 4
    for answer in told:
        assert answer.measured == 0
        assert "3 pairs of runs" in answer.because
    first, *_ = told
    assert "trained on 3 levels of maze-basic" in first.name


# What cannot be judged.


@pytest.mark.slow
def test_cells_of_only_one_of_the_stores_are_not_passed(make):
    two = [returns(0.1, seeds=range(3)).assign(network=name) for name in ("small", "large")]
    both = make("both", __import__("pandas").concat(two))
    one = make("one", two[0])
    for store, against, why in ((both, one, "no such cell"), (one, both, "in the baseline and")):
        told = limit_results(store, Limits(increase=0.5), against)
        assert sorted(answer.verdict for answer in told) == [ERROR, PASSED]
        (lost,) = [answer for answer in told if answer.verdict == ERROR]
        assert "ppo/large" in lost.name
        assert why in lost.because


def test_nothing_comparable_is_one_line(make):
    one, other = make("one", returns()), make("other", returns().assign(agent="a2c"))
    with pytest.raises(StoreError, match=r"has no cell of .*nothing is comparable.*a2c/unknown"):
        limit_results(one, Limits(increase=0.5), other)
    with pytest.raises(StoreError, match="is the store itself"):
        limit_results(one, Limits(increase=0.5), one)


@pytest.mark.parametrize(
    ("key", "other"),
    [("family_options", {"size": 9}), ("family_source", "of other code"), ("family_version", 99)],
)
def test_other_levels_under_the_same_name_are_not_compared(key, other, tiny_store, tmp_path):
    copy = unsealed(shutil.copytree(tiny_store, tmp_path / "copy"))
    plan = json.loads((copy / "plan.json").read_text())
    for entry in plan:
        entry["settings"][key] = other
    (copy / "plan.json").write_text(json.dumps(plan))
    told = limit_results(tiny_store, Limits(increase=0.5), copy)
    assert {answer.verdict for answer in told} == {ERROR}
    assert f"{key} is" in told[0].because
    with pytest.raises(StoreError, match=f"{key} of maze-basic is .*: their levels are others"):
        compare(tiny_store, copy)


def test_missing_runs_are_never_passed(tiny_store, tmp_path):
    copy = unsealed(shutil.copytree(tiny_store, tmp_path / "copy"))
    gone = sorted((copy / "runs").iterdir())[0]
    shutil.move(gone, tmp_path / "gone")
    RunStore(copy).fail(gone.name, "Traceback")
    with pytest.raises(StoreError, match="1 of 12 cells is missing, 1 of them failed") as told:
        limit_results(copy, Limits(gap=9))
    assert "\n" not in str(told.value)
    with pytest.raises(StoreError, match="missing"):
        limit_results(tiny_store, Limits(increase=9), copy)
    plan = [e for e in json.loads((copy / "plan.json").read_text()) if e["id"] != gone.name]
    (copy / "plan.json").write_text(json.dumps(plan[1:]))
    with pytest.raises(StoreError, match=r"plan\.json does not name the run"):
        limit_results(copy, Limits(gap=9))
    shutil.rmtree(copy / "runs")
    (copy / "runs").mkdir()
    (copy / "plan.json").write_text("[]")
    with pytest.raises(StoreError, match="nothing has been computed"):
        limit_results(copy, Limits(gap=9))


def test_a_gap_that_is_no_number_is_not_passed(make):
    store = unsealed(make("s", returns()))
    from rlgen.store import records

    (file, *_) = sorted((store / "runs").glob("*/records.parquet"))
    rows = records.read([file], records.RECORDS)
    records.write(file, rows.assign(ret_mean=np.nan), records.RECORDS)
    (answer,) = limit_results(store, Limits(gap=9))
    assert answer.verdict == ERROR
    assert "cannot be judged, a return is not a number" in answer.line
    rows = rows[rows["split"] == "train"]
    records.write(file, rows, records.RECORDS)
    with pytest.raises(StoreError, match="has no returns on held-out levels under 'plain'"):
        limit_results(store, Limits(gap=9))
    file.write_text("no parquet")
    with pytest.raises(RlgenError) as told:
        limit_results(store, Limits(gap=9))
    assert told.value.exit_code == 2, "damage is no failed check"


# As a user, and as a CI system, meets it.


@pytest.mark.slow
def test_exit_codes_and_lines(make, tmp_path):
    store = make("s", returns(0.5))
    out, err = rlgen("check", store, "--max-gap", 0.9)
    assert out.startswith("passed  gap of ppo/unknown trained on 12 levels of unknown: ")
    assert (out.count("\n"), err) == (1, "")
    out, _ = rlgen("check", store, "--max-gap", 0.2, "--min-return", 0, code=1)
    assert [line.split()[0] for line in out.splitlines()] == ["FAILED", "passed"]
    told = json.loads(rlgen("check", store, "--max-gap", 0.2, "--json", code=1)[0])
    assert told[0]["verdict"] == "failed"
    assert told[0]["limit"] == 0.2
    single = make("single", returns(seeds=[0]))
    out, _ = rlgen("check", single, "--max-gap", 0.2, "--when", "sure", code=2)
    assert out.startswith("ERROR  gap of")


@pytest.mark.slow
def test_it_imports_nothing_that_trains(make):
    store, other = make("s", returns()), make("o", returns(0.4))
    told = modules("check", store, "--against", other, "--max-gap-increase", "1", "--max-gap", "1")
    assert "pandas" in told
    assert not told & {"torch", "stable_baselines3", "gymnasium", "rlgen_envs", "matplotlib"}
    assert not modules("check", "--help") & {"torch", "numpy", "pandas", "pydantic"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["none/such", "--max-gap", "1"], "none/such: does not exist"),
        ([".", "--max-gap", "1"], "is not an rlgen store"),
        (["."], "nothing to do: give --max-gap"),
        ([".", "--against", "x"], "--against and --max-gap-increase are given together"),
        ([".", "--max-gap-increase", "1"], "--against and --max-gap-increase are given together"),
        ([".", "--max-gap", "nan"], "nan is not a finite number"),
        ([".", "--max-gap", "inf"], "inf is not a finite number"),
        ([".", "--max-gap", "much"], "'much' is not like 0.3 or POOL=0.3"),
        ([".", "--max-gap", "1", "--confidence", "1"], "1.0 is not in the range"),
        ([".", "--max-gap", "1", "--when", "never"], "'never' is not one of"),
    ],
)
def test_mistakes_get_one_answer(arguments, told, tmp_path):
    out, err = rlgen("check", *arguments, code=2, cwd=tmp_path)
    assert told in err
    assert out == ""


def read(path):
    """The XML as CI systems read it: counts agree with what is there."""
    root = ET.parse(path).getroot()
    assert root.tag == "testsuites"
    (suite,) = root
    cases = suite.findall("testcase")
    for counted in (root, suite):
        assert int(counted.get("tests")) == len(cases)
        assert int(counted.get("failures")) == len(suite.findall("testcase/failure"))
        assert int(counted.get("errors")) == len(suite.findall("testcase/error"))
        assert float(counted.get("time")) == 0
    assert len({case.get("name") for case in cases}) == len(cases)
    for case in cases:
        assert case.get("classname").startswith("rlgen.")
    return cases


@pytest.mark.slow
def test_junit_has_a_case_for_each_check(make, tmp_path):
    evil = "a<b>&\"'\x00\x1b]]>"
    table = returns(0.5).assign(agent="ppo<i>")
    store, path = make("s", table), tmp_path / "out.xml"
    other = make("o", returns(0.5).assign(agent="ppo<i>", n_train_levels=13))
    path.write_text("<?xml stale")
    arguments = ("check", store, "--max-gap", 0.2, "--min-return", 0, "--junit", path)
    out, _ = rlgen(*arguments, code=1)
    first, second = read(path)
    failure = first.find("failure")
    assert failure.text == out.splitlines()[0]
    assert "at most 0.2" in failure.get("message")
    assert failure.get("type") == "gap"
    assert second.find("system-out").text == out.splitlines()[1]
    assert first.get("name") == "gap of ppo<i>/unknown trained on 12 levels of unknown"
    # nothing comparable: an error, not an old file
    rlgen(*("check", store, "--against", other, "--max-gap-increase", 1, "--junit", path), code=2)
    (case,) = read(path)
    assert "nothing is comparable" in case.find("error").get("message")
    _, err = rlgen("check", store, "--max-gap", 1, "--junit", tmp_path / "no" / "x.xml", code=2)
    assert "x.xml: cannot be written: No such file" in err
    _, err = rlgen("check", "no", "--max-gap", 1, "--junit", tmp_path / "no" / "x.xml", code=2)
    assert [line.split(": ", 2)[1] for line in err.splitlines()] == [f"{tmp_path}/no/x.xml"]
    (answer,) = limit_results(store, Limits(gap=1))
    from dataclasses import replace

    path.write_bytes(junit.document([replace(answer, name=evil)], evil))
    (case,) = read(path)
    assert case.get("name") == "a<b>&\"'\ufffd\ufffd]]>"


def test_xml_of_what_cannot_be_judged(make, tmp_path):
    store = make("single", returns(seeds=[0]))
    junit.write(tmp_path / "x.xml", limit_results(store, Limits(gap=0.2, when="sure")), "single")
    (case,) = read(tmp_path / "x.xml")
    assert "cannot be judged, one run has no interval" in case.find("error").get("message")
