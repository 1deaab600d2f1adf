"""The paper's study from end to end at its smallest budget, and suites cut short and in shards."""

import json
import re
import shutil

import pytest
import tomli_w
from commands import rlgen as run_cli
from helpers import TINY
from html_pages import undrawn
from planning import tasks_of
from shared import once

import rlgen
import rlgen_protocols.zhang2018
from rlgen import report
from rlgen.cli.answers import print_answers
from rlgen.errors import RlgenError
from rlgen.protocol import suite as suites
from rlgen.store.run_store import RunStore
from rlgen_protocols.zhang2018.claims import CLAIMS, detection
from rlgen_protocols.zhang2018.claims.detection import CHECKS
from rlgen_protocols.zhang2018.figures import ITEMS


@pytest.fixture(scope="module")
def smoke(tmp_path_factory):
    """The study in two shards, one after the other: the folder and both results."""

    def make(folder):
        out = folder / "store"
        with undrawn():  # but for the paper's own figures
            first = rlgen.evaluate("zhang2018", out, budget="smoke", shard=(1, 2), jobs=2)
        half = first.summary, first.report.read_text()
        return out, half, rlgen.evaluate("zhang2018", out, budget="smoke", jobs=2)

    return once(tmp_path_factory, "smoke", make)[1]


@pytest.mark.slow
def test_every_part_is_trained_and_drawn(smoke):
    out, _, result = smoke
    tasks = tasks_of(suites.read("zhang2018", budget="smoke").parts)
    assert not result.failed
    assert len(result.computed) + len(result.already) == len(tasks)
    assert result.summary["missing"] == []
    page = result.report.read_text()
    sections = re.findall(r'<section id="([^"]*)"', page)
    assert sections[0] == "claims"
    for item in ITEMS:
        assert f"zhang2018-{item}" in sections, item
    assert set(RunStore(out).parts()) > set(ITEMS) - {"fig8-17"}


@pytest.mark.slow
def test_a_study_cut_short_says_what_is_missing(smoke):
    _, (summary, page), result = smoke
    assert len(summary["missing"]) == len(result.computed) > 0
    assert "have not been computed" in page
    assert [one["name"] for one in summary["claims"]["decisions"]] == list(CLAIMS)
    assert sum(one["missing"] for one in summary["claims"]["decisions"]) > sum(
        one["missing"] for one in result.summary["claims"]["decisions"]
    )


@pytest.mark.slow
def test_the_command_line_tells_the_claims_first(smoke, capsys):
    _, _, result = smoke
    print_answers(result.summary, result.report)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[: len(CLAIMS)]] == list(CLAIMS)
    assert lines[len(CLAIMS)] == result.summary["cells"][0]["sentence"]


@pytest.mark.slow
def test_claims_are_on_the_first_screen_and_lead_to_their_figures(smoke):
    _, _, result = smoke
    page = result.report.read_text()
    assert page.index('id="claims"') < page.index('id="answer"')
    targets = re.findall(r'<a href="#(zhang2018-[^"]*)">', page)
    assert {f"zhang2018-{claim.section}" for claim in CLAIMS.values()} <= set(targets)
    for target in targets:
        assert f'id="{target}"' in page
    told = result.summary["claims"]
    assert told["declared"]["sha256"] in page
    assert {one["reading"] for one in told["readings"]} == {"A-01", "A-06", "A-19", "A-20", "A-25"}


def trained_and_cloned_stand_side_by_side(result, protocol):
    """Whatever reads records passes cloned networks over; nothing of them is computed twice."""
    store = RunStore(result.store)
    cloned = next(entry["id"] for entry in store.plan() if entry["kind"] == "clone")
    (trained,) = store.done()
    assert {path.name for path in (result.store / "runs").iterdir()} == {cloned, trained}
    assert set(rlgen.load(result.store)["run_id"]) == {trained}
    assert result.summary["runs"] == [trained]
    assert result.summary["missing"] == result.summary["failed"] == []
    assert {problem.code for problem in rlgen.verify(result.store).problems} == {"S203"}
    bundle = rlgen.bundle(result.store, result.store.with_name("s.tar.xz"))
    assert f"runs/{cloned}/readings.json" in {member.path for member in bundle.members}
    assert rlgen.verify(bundle.path).differences == ()
    again = rlgen.evaluate(protocol, result.store)
    assert (again.computed, sorted(again.already)) == ([], sorted([cloned, trained]))

    # As older versions kept it, and then lost.
    old = result.store / "clones" / "readings"
    old.mkdir(parents=True)
    (result.store / "runs" / cloned / "readings.json").rename(old / f"{cloned}.json")
    shutil.rmtree(result.store / "runs" / cloned)
    readings, state = store.clones(), store.state()
    assert rlgen.evaluate(protocol, result.store).computed == []
    assert store.state() == state
    assert len(readings) == 1
    (old / f"{cloned}.json").unlink()
    report.write(store)
    (missing,) = json.loads((result.store / "summary.json").read_text())["missing"]
    assert missing == "conv-a on 3 levels, p = 0.5, pool 1000"


@pytest.mark.slow
def test_networks_are_cloned_for_the_strata(tmp_path, monkeypatch, undrawn):
    kinds = [(n_levels, flip_p) for _, n_levels, flip_p in detection.STRATA]
    assert kinds == [(10, 0.0), (100, 0.5), (1000, 0.0)]
    # one that takes seconds stands for the three
    monkeypatch.setattr(detection, "STRATA", (("conv-a", 3, 0.5),))
    monkeypatch.setattr(rlgen_protocols.zhang2018, "CLONES", {"few": 1})
    keys = {**TINY, "seeds": 0, "n_train_levels": 3, "paper": "zhang2018", "budgets": {"few": {}}}
    result = rlgen.evaluate(keys | {"budget": "few"}, tmp_path / "s")
    assert not result.failed
    (told,) = RunStore(result.store).clones()
    assert (told["kind"], told["n_levels"], told["flip_p"]) == ("network", 3, 0.5)
    assert set(told["checks"]) == set(CHECKS)
    trained_and_cloned_stand_side_by_side(result, keys | {"budget": "few"})
    first_form = {"clones": 1, "claims": {"C-10": [0.8, 0.1]}, "clones_family": "CartPole-v1"}
    with pytest.raises(RlgenError, match="clones_family = 'CartPole-v1': has no planner"):
        rlgen.evaluate({**TINY, **first_form}, tmp_path / "c")


@pytest.mark.slow
def test_the_same_command_again_does_nothing(smoke):
    out, _, result = smoke
    before = result.report.stat().st_mtime_ns
    again = rlgen.evaluate("zhang2018", out, budget="smoke", jobs=2)
    assert again.computed == []
    assert result.report.stat().st_mtime_ns == before


@pytest.mark.slow
def test_the_margins_cannot_be_changed_afterwards(smoke, tmp_path):
    out, _, _ = smoke
    store = RunStore(out)
    assert set(store.claims_declared()) == {"sha256", "declared"}
    part = store.parts()["table2"].model_dump() | {"seeds": [0]}
    part["claims"] = {**store.margins(), "C-01": [1.5]}
    with pytest.raises(RlgenError, match="key 'claims' is"):
        rlgen.evaluate(part, out)
    with pytest.raises(RlgenError, match=r"claims = 'C-1'.*did you mean"):
        rlgen.evaluate({**part, "claims": {"C-1": [1.5]}}, tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    """A small suite of two parts that share two cells, and its results in one go."""
    shared = {key: value for key, value in TINY.items() if key not in ("conditions", "seeds")}
    texts = {
        "suite": {**shared, "parts": ["one", "two"]},
        "one": {"seeds": 0, "conditions": ["plain"]},
        "two": {"seeds": [0, 1], "conditions": ["plain", "greedy"], "n_train_levels": 3},
    }

    def make(base):
        folder = base / "mine"
        folder.mkdir()
        for name, keys in texts.items():
            (folder / f"{name}.toml").write_text(tomli_w.dumps(keys))
        return folder, rlgen.evaluate(folder, base / "whole", jobs=2)

    return once(tmp_path_factory, "suite", make)[1]


def comparable(summary):
    return {
        key: value for key, value in summary.items() if key not in ("state", "sha256", "accesses")
    }


@pytest.mark.slow
def test_a_run_of_two_parts_is_trained_once(suite):
    _, whole = suite
    assert len(whole.computed) == 3
    assert sorted(p.stem for p in (whole.store / "parts").glob("*.toml")) == ["one", "two"]


@pytest.mark.slow
def test_part_by_part_gives_the_same_report(suite, tmp_path, undrawn):
    folder, whole = suite
    first = rlgen.evaluate(folder / "two.toml", tmp_path / "parts", jobs=2)
    assert len(first.computed) == 2
    then = rlgen.evaluate(folder / "one.toml", tmp_path / "parts", jobs=2)
    assert len(then.computed) == 1
    assert comparable(then.summary) == comparable(whole.summary)


@pytest.mark.slow
def test_shards_in_two_folders_merge_by_copying_their_runs(suite, tmp_path, undrawn):
    folder, whole = suite
    shards = [rlgen.evaluate(folder, tmp_path / f"{i}", shard=(i, 2), jobs=1) for i in range(2)]
    assert sorted(len(shard.computed) for shard in shards) == [1, 2]
    for kind in ("runs", "splits"):
        shutil.copytree(tmp_path / "1" / kind, tmp_path / "0" / kind, dirs_exist_ok=True)
    merged = rlgen.evaluate(folder, tmp_path / "0", jobs=1)
    assert merged.computed == []
    assert comparable(merged.summary) == comparable(whole.summary)


@pytest.mark.slow
def test_suites_are_listed_and_priced(tmp_path):
    listed = run_cli("list", "protocols")[0]
    assert "zhang2018/fig2b" in listed
    told = json.loads(
        run_cli("plan", "zhang2018/fig4", "--budget", "smoke", "--json", cwd=tmp_path)[0]
    )
    assert (told["cells"], told["steps"]) == (4, 8000)
    _, error = run_cli("plan", "zhang2018", "--budget", "gpu", code=2, cwd=tmp_path)
    assert "budget = 'gpu'" in error
