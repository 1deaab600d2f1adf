"""Claims: what their verdicts rest on, that they are right on made-up studies, and honest."""

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from planning import tasks_of
from scipy import stats

from rlgen.analysis.claims import Part, above, below, check, decide, declared, joint, within
from rlgen.analysis.results import Results
from rlgen.analysis.stats import intervals
from rlgen.analysis.stats.tables import fold
from rlgen.analysis.verdicts import number
from rlgen.errors import ProtocolError
from rlgen.levels import lookup
from rlgen.protocol import suite
from rlgen.report.sections.claims import claims as told_of_claims
from rlgen.store.preparing import entry
from rlgen.util.seeding import stream
from rlgen_protocols.zhang2018.claims import CLAIMS
from rlgen_protocols.zhang2018.claims.detection import A, B, strata
from rlgen_protocols.zhang2018.claims.evidence import Evidence, Setting, scaled
from rlgen_protocols.zhang2018.claims.readings import READINGS, changes, untrained

RUNS, LEVELS = 4, 8
NAN = float("nan")


def plays_like_the_paper(cell, condition, pool):
    """Mean return of a setting if all that the paper says were so."""
    n, p, hard = cell.n_train_levels, cell.flip_p, {"maze-basic": 0, "maze-blocks": 0.2}
    reached = {10: -0.5, 100: 1.2, 1000: 2.0}.get(n, 2.05) - hard.get(cell.family, 0.4)
    convolves = cell.network.startswith("conv")
    if pool == "train":
        mean = 2.08 if p == 0 else 2.0 if n <= 1000 else 1.5 - hard.get(cell.family, 0.8)
        mean -= 0.1 if p and n == 1000 and convolves else 0
        mean += 0.3 if p and cell.network == "conv-b" else 0
    else:
        mean = reached if p == 0 else -0.5
        mean -= 0 if convolves else 0.4
        mean += 0.2 if cell.regulariser != "none" and p == 0 else 0
    if pool == "train" and condition.startswith("sticky"):
        mean -= 0.3
    return mean


def made(
    returns=plays_like_the_paper,
    *,
    budget="cpu",
    keys=None,
    keep=None,
    clones=(),
    rising=0,
    aside=(),
):
    """The study of the paper as if these had been the returns.

    Their learning curves end flat, or rising by so much from checkpoint to checkpoint. Parts that
    the budget leaves out stand ``aside``.
    """
    names = ("zhang2018", *(f"zhang2018/{part}" for part in aside))
    whole, *others = (suite.read(name, seeds=f"0:{RUNS}", budget=budget) for name in names)
    pairs = [pair for one in (whole, *others) for pair in zip(one.names, one.parts, strict=True)]
    parts = {name: part.model_copy(update=keys or {}) for name, (part, _) in pairs}
    tasks = tasks_of((part, name) for name, part in parts.items())
    rows, curves = [], []
    for task in tasks:
        cell = task.cell
        if keep is not None and not keep(cell):
            continue
        key = {k: getattr(cell, k) for k in ("family", "agent", "network", "n_train_levels")}
        key |= {"flip_p": cell.flip_p, "regulariser": cell.regulariser, "seed": cell.seed}
        rng = stream(0, cell.id)
        run = rng.normal(0, 0.01)
        for condition, pool in product(task.wanted, ("train", "test")):
            ids = np.arange(LEVELS) + (1000 * cell.seed if pool == "train" else 10**6)
            level = stream(1, pool, *map(int, ids[:1])).normal(0, 0.02, LEVELS)
            values = returns(cell, condition, pool) + run + level + rng.normal(0, 0.02, LEVELS)
            told = {"run_id": cell.id, "condition": condition, "split": pool, "checkpoint": 1}
            told |= {"oracle_ret": 2.1, "random_ret": -0.3, "p_solved": 0.5, "manifest": "m"}
            told |= {"exact": True}
            rows += [
                key | told | {"level_id": i, "ret_mean": v}
                for i, v in zip(ids, values, strict=True)
            ]
        curves += [
            key | {"run_id": cell.id, "step": step, "split": pool, "ret_mean": value}
            for step, value in ((10, 1.0 + run), (20, 0.5), (30, 0.4))
            for pool in ("validation", "test")
        ]
        reached = returns(cell, "plain", "train")
        curves += [
            key | {"run_id": cell.id, "step": step, "split": "train", "ret_mean": value}
            for step, value in enumerate(
                reached + rising * np.arange(-20, 1) + rng.normal(0, 1e-4, 21)
            )
        ]
    plan = [entry(task.cell) for task in tasks]
    records = fold(pd.DataFrame(rows))
    study = Results(whole.whole, records, pd.DataFrame(curves), plan, {}, {}, {})
    return replace(study, parts=parts, clones=clones, margins=declared(CLAIMS))


def agents(kind, drop, *, n=20):
    """Readings of cloned networks of one class: overfitted unless sound, losing this in checks."""
    n_levels, flip_p, test = {A: (10, 0.0, 0.1), B: (1000, 0.5, 0.1), "sound": (3000, 0.0, 0.98)}[
        kind
    ]
    rng = stream(2, kind)
    for seed in range(n):
        lost = {c: d + rng.normal(0, 0.03) for c, d in drop.items()}
        yield {
            "kind": "network",
            "name": "conv-a",
            "pool_seed": seed,
            "n_levels": n_levels,
            "flip_p": flip_p,
            "seed": seed,
            "train_score": 0.99,
            "test_score": test,
            "returns": 2.0,
            "best": 2.1,
            "random": -0.3,
            "checks": {c: {"returns": 2.0 - d, "planner": 2.1} for c, d in lost.items()},
        }


def population(exposed_few, exposed_random, n=600):
    sticky = {"sticky-proposed-25": 0.1, "sticky-executed-25": 0.1}
    classes = {A: exposed_few, B: exposed_random, "sound": 0.1}
    return [
        a
        for kind, spawn in classes.items()
        for a in agents(kind, {**sticky, "random-spawn": spawn}, n=n)
    ]


@pytest.fixture(scope="module")
def like_the_paper():
    return made(clones=population(1.0, 0.1))


@pytest.fixture(scope="module")
def verdicts(like_the_paper):
    told = decide(CLAIMS, Evidence(like_the_paper), like_the_paper.margins)
    return {one.name: one for one in told}


@pytest.fixture(scope="module")
def without_ten_thousand():
    return made(keep=lambda cell: cell.n_train_levels < 10_000)


@pytest.mark.parametrize("name", sorted(CLAIMS))
def test_a_study_that_is_as_the_paper_says_supports_it(verdicts, name):
    assert verdicts[name].word == "supported", verdicts[name].parts[0]


@pytest.mark.slow
def test_what_has_not_been_run_stays_open(without_ten_thousand):
    study = without_ten_thousand
    verdicts = {one.name: one for one in decide(CLAIMS, Evidence(study), study.margins)}
    assert verdicts["C-12"].word == "inconclusive"
    assert verdicts["C-12"].missing == len(verdicts["C-12"].parts) > 0
    told = told_of_claims(study)["decisions"]
    never = next(one for one in told if one["name"] == "C-12")
    assert "no seed has been run in both; 2 of 2 parts have no interval yet)" in never["answer"]


@pytest.mark.slow
def test_ten_thousand_levels_decide_the_others():
    keys = {"n_train_levels": (10, 1000, 10_000)}

    study = made(keys=keys, keep=lambda cell: cell.n_train_levels >= 1000)
    told = {one.name: one for one in decide(CLAIMS, Evidence(study), study.margins)}
    assert told["C-07"].word == told["C-12"].word == "supported"


@pytest.mark.slow
def test_a_study_in_which_all_returns_are_alike_refutes():
    study = made(lambda cell, condition, pool: 1.0, clones=population(0.1, 1.0))
    told = {one.name: one.word for one in decide(CLAIMS, Evidence(study), study.margins)}
    for name in ("C-01", "C-04", "C-06", "C-10"):
        assert told[name] == "refuted", name
    for name in ("C-03", "C-05", "C-07", "C-12"):
        assert told[name] != "supported", name
    assert told["C-13"] == "supported"


@pytest.mark.slow
def test_nothing_that_is_not_reached_is_decided_while_training_goes_on():
    """The same returns: verdicts that say what has not been reached wait, and no others."""

    def returns(cell, condition, pool):
        return 0.0

    clones = population(0.1, 1.0)
    ended, moving = (made(returns, clones=clones, rising=rising) for rising in (0, 0.02))
    before, now = (
        {one.name: one for one in decide(CLAIMS, Evidence(study), study.margins)}
        for study in (ended, moving)
    )
    assert {one.before for one in before.values()} <= {"supported", "refuted", "inconclusive"}
    for name in ("C-01", "C-06"):
        assert (before[name].word, now[name].word) == ("refuted", "not yet"), name
        assert now[name].before == "refuted"
        assert all(ending.needed > ending.steps for ending in now[name].waits)
    assert before["C-10"].word == now["C-10"].word == "refuted", "of cloned networks"
    assert not any(one.waits for one in before.values())


@pytest.mark.slow
def test_a_paper_that_is_right_waits_where_it_says_what_is_not_reached():
    study = made(clones=population(1.0, 0.1), rising=0.02)
    words = {one.name: one.word for one in decide(CLAIMS, Evidence(study), study.margins)}
    reached = {"C-01", "C-09", "C-10", "C-14"}
    assert {name for name, word in words.items() if word == "supported"} == reached
    assert {word for name, word in words.items() if name not in reached} == {"not yet"}


@pytest.mark.slow
def test_nothing_is_decided_without_runs():
    study = made(keep=lambda cell: cell.family == "maze-basic" and cell.seed == 0)
    told = decide(CLAIMS, Evidence(study), study.margins)
    assert {one.word for one in told} == {"inconclusive"}
    assert all(one.p == 1 for one in told)


def test_families_are_compared_at_the_sizes_that_all_of_them_have(like_the_paper):
    settings = Evidence(like_the_paper).settings()
    few = {s for s in settings if s.family == "maze-basic" or s.n_train_levels == 10}
    parts = CLAIMS["C-03"].parts(Evidence(like_the_paper, only=few), [0.0])
    lost = [part.estimate.mean * (2.1 + 0.3) for part in parts]
    np.testing.assert_allclose(lost, [0.2, 0.2], atol=0.05)


def test_every_claim_is_declared_with_its_margins_by_the_study(like_the_paper):
    margins = like_the_paper.margins
    assert list(margins) == list(CLAIMS)
    check(CLAIMS, margins, "zhang2018")
    with pytest.raises(ProtocolError, match=r"x: claims = 'C-1'.*did you mean 'C-1\d'"):
        check(CLAIMS, {"C-1": (1.0,)}, "x")
    with pytest.raises(ProtocolError, match=r"claims.C-06 = \[0.8\]: must be 2 \(memorised"):
        check(CLAIMS, {"C-06": (0.8,)}, "x")


def test_claims_that_are_true_at_the_margin_are_seldom_decided():
    """The family-wise error of one-sided tests on both sides, at the edge: at most 5 %."""
    rng, wrong = stream(0, "claims at the edge"), 0
    for _ in range(400):
        parts = [above("x", intervals.run_mean(rng.normal(0, 1, 4)), 0.0) for _ in range(5)]
        p = [2 * min(joint([part], every=True)) for part in parts]
        wrong += min(p) * len(p) <= 0.05
    assert wrong <= stats.binom.ppf(0.999, 400, 0.05)


def test_p_values_are_those_of_the_t_test():
    values = np.array([0.3, 0.1, 0.5, 0.2])
    estimate = intervals.run_mean(values)
    t = stats.ttest_1samp(values, 0.1, alternative="greater")
    assert above("x", estimate, 0.1).p_supported == pytest.approx(t.pvalue)
    assert below("x", estimate, 0.1).p_refuted == pytest.approx(t.pvalue)
    low, high = (
        stats.ttest_1samp(values, m, alternative=a).pvalue
        for m, a in ((-1, "greater"), (1, "less"))
    )
    assert within("x", estimate, 1.0).p_supported == pytest.approx(max(low, high))
    other = intervals.run_mean(np.array([0.0, 0.4, 0.1]))
    welch = stats.ttest_ind(values, [0.0, 0.4, 0.1], equal_var=False)
    told = intervals.difference(estimate, other)
    assert told.df == pytest.approx(welch.df)
    assert told.mean / told.variance**0.5 == pytest.approx(welch.statistic)
    assert scaled(estimate, 2, 1).low == pytest.approx(2 * estimate.low + 1)


def test_parts_without_runs_neither_support_nor_refute():
    def part(supported, refuted):
        return Part("x", intervals.Estimate(NAN), "", supported, refuted)

    known, open_ = part(0.01, 0.99), part(NAN, NAN)
    assert joint([known, open_], every=True) == (1.0, 1.0)
    assert joint([part(0.99, 0.01), open_], every=True) == (1.0, pytest.approx(0.02))
    assert joint([known, open_], every=False) == (pytest.approx(0.02), 1.0)
    assert joint([], every=True) == (1.0, 1.0)


def test_strata_compare_each_class_with_the_sound(like_the_paper):
    told = {(s.agents, s.name, s.check): s for s in strata(Evidence(like_the_paper))}
    few, random = (told["cloned", name, "random-spawn"] for name in (A, B))
    assert few.auc.value == 1
    assert 0.4 < random.auc.value < 0.6
    assert few.auc.n_positive == few.auc.n_negative == 600
    # of the runs, those on the largest pool without flips are sound, and were put to the check
    trained = told["trained", A, "random-spawn"].auc
    assert (trained.n_positive, trained.n_negative) == (RUNS, RUNS)


def test_settings_are_those_of_the_parts_and_no_other_readings(like_the_paper):
    evidence = Evidence(like_the_paper)
    assert not any(
        "[" in s.family or s.network.endswith(("same", "dense")) for s in evidence.settings()
    )
    (one,) = evidence.settings("table2", n_train_levels=10, flip_p=0.0, network="conv-a")
    assert one == Setting("maze-basic", 10, 0.0, "conv-a")
    assert evidence.train(one).mean == pytest.approx(2.08, abs=0.02)
    assert evidence.excess(Setting("maze-basic", 10, 0.5, "conv-a")).mean == pytest.approx(
        0.95, abs=0.02
    )


@pytest.mark.slow
def test_other_readings_are_compared_on_the_same_settings():
    def returns(cell, condition, pool):
        worse = 1.0 if "outside" in cell.family or condition == "greedy" else 0.0
        return plays_like_the_paper(cell, condition, pool) - worse

    study = made(returns, aside=("sensitivity", "sensitivity-flips"))
    told = {(c.reading, c.default.name): c for c in changes(study, study.margins)}
    assert {reading for reading, _ in told} == set(READINGS)
    assert untrained(study.parts) == ""
    assert untrained({*study.parts} - {"sensitivity-flips"}).startswith("Not trained here: A-01, ")
    border = told["A-06", "C-01"]
    assert (border.default.word, border.other.word) == ("supported", "refuted")
    padding = told["A-19", "C-01"]
    assert padding.default.word == padding.other.word == "supported"
    assert all(
        "100 levels" in part.what or "10 levels" in part.what for part in border.default.parts
    )
    assert told["A-25", "C-01"].other.word == "refuted"


@pytest.mark.slow
def test_the_summary_has_every_claim(like_the_paper):
    told = told_of_claims(like_the_paper)
    assert [one["name"] for one in told["decisions"]] == list(CLAIMS)
    for one in told["decisions"]:
        assert one["verdict"] in ("supported", "refuted", "not yet", "inconclusive")
        assert one["before"] in ("supported", "refuted", "inconclusive")
        assert one["adjusted"] >= one["p"]
        assert one["parts"]
        assert one["answer"].startswith(f"{one['name']} {one['verdict']}: {one['sentence']}")
    few = next(one for one in told["decisions"] if one["name"] == "C-04")
    deciding = few["parts"][0]
    assert f"({deciding['what']}: {number(deciding['mean'])} [" in few["answer"]
    assert few["answer"].endswith("], asked: below 0.5)")
    assert lookup.family("maze-basic").name == "maze-basic"
