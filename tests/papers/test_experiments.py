"""Experiments of papers: cells of a study, and a study that trains nothing."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pandas as pd
import pytest
from commands import processes, rlgen

from rlgen.analysis.claims import fact, joint
from rlgen.errors import ProtocolError, RlgenError
from rlgen.papers import Experiment, Paper
from rlgen.protocol import suite
from rlgen.study import cost
from rlgen.study.plan import plan
from rlgen.util import extras
from rlgen_protocols import PAPERS

TOY = Path(__file__).parents[1] / "outside" / "toy2001"


class Here(Paper):
    """A paper in the test's own process."""

    card = "here"
    experiments: ClassVar = {
        "sample": Experiment(
            "a sample",
            "toy2001.sampling:sample",
            {"size": 10, "centre": 0.0, "family": "maze-basic"},
            {"mean": "of the sample"},
            limits={"size": (2, 1000)},
            seconds=3.0,
        )
    }


@pytest.fixture
def here(monkeypatch):
    monkeypatch.setitem(PAPERS._loaded, "here", Here())
    monkeypatch.setitem(PAPERS._table, "here", Here())


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    site = tmp_path_factory.mktemp("site")
    shutil.copytree(TOY, site / "toy2001")
    info = site / "toy2001-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy2001\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[rlgen.papers]\ntoy2001 = toy2001:PAPER\n")
    return {"PYTHONPATH": os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH")]))}


def of_the_toy(folder, seeds, experiment):
    """A protocol of one of its experiments, and where it is computed."""
    path = folder / f"{experiment}.toml"
    path.write_text(f'name = "x"\npaper = "toy2001"\nseeds = {seeds}\n[experiments.{experiment}]\n')
    return ("evaluate", path, "-o", folder / experiment, "-j", 1)


@pytest.fixture(scope="module")
def computed(installed, tmp_path_factory):
    """The folder of three studies, and what was said of each: the toy's own, and two small ones."""
    folder = tmp_path_factory.mktemp("toy")
    return folder, processes(
        (("evaluate", TOY, "-o", folder / "store", "--json", "-j", 1), 0),
        (of_the_toy(folder, "3", "raises"), 1),
        ((*of_the_toy(folder, '"0:3"', "sample"), "--json"), 0),
        environment=installed,
    )


@pytest.fixture(scope="module")
def study(computed):
    folder, ((said, _), *_) = computed
    return folder / "store", json.loads(said)


def asked(**tables):
    keys = {"name": "x", "paper": "here", "experiments": tables}
    return plan(suite.read(keys)).tasks


@pytest.mark.slow
def test_each_case_of_all_parts_is_computed_once(study):
    out, answer = study
    assert not answer["failed"]
    settings = [json.loads(p.read_text())["settings"] for p in out.glob("runs/*/cell.json")]
    cases = {(s["seed"], s["options"]["centre"]) for s in settings}
    assert cases == {(s, c) for s in range(6) for c in (0.0, 5.0)} | {(6, 5.0), (7, 5.0)}
    assert len(settings) == len(cases)
    assert {s["options"]["size"] for s in settings} == {10}  # the budget's, not the part's


@pytest.mark.slow
def test_claims_and_controls_come_from_what_was_measured(study):
    out, answer = study
    claims = answer["summary"]["claims"]
    words = {one["name"]: one["verdict"] for one in claims["decisions"]}
    assert words == {"T-1": "supported", "T-2": "refuted"}
    assert [one["as_expected"] for one in claims["controls"]] == [True, False]
    page = (out / "report.html").read_text()
    assert "These verdicts are not to be believed" in page
    assert "K-2" in page
    assert "<p>14 cells</p>" in page


@pytest.mark.slow
def test_a_study_without_agents_has_no_page_of_agents(study):
    out, answer = study
    page = (out / "report.html").read_text()
    assert answer["summary"]["cells"] == []
    assert 'id="answer"' not in page
    assert 'id="cells"' not in page
    assert "for 14 runs" in page


@pytest.mark.slow
def test_the_same_command_finds_nothing_to_do_and_more_seeds_are_added(study, installed):
    out, _ = study
    before = {p: p.read_bytes() for p in out.glob("runs/*/*")}
    # --seeds replaces those of the tables.
    same = ("evaluate", TOY, "-o", out, "-j", 1)
    (said, _), (more, _) = processes(
        (same, 0), ((*same, "--seeds", "0:9", "--json"), 0), environment=installed
    )
    assert "all 14 cells are there" in said
    assert "the control K-2 must be supported and is refuted" in said
    answer = json.loads(more)
    assert len(answer["computed"]) == 18 - 14
    assert all(path.read_bytes() == content for path, content in before.items())


@pytest.mark.slow
def test_a_bundle_of_it_is_verified_and_read(study, installed, tmp_path):
    out, answer = study
    file = tmp_path / "kept.tar.xz"
    _, (said, _), (again, _) = processes(
        (("bundle", out, file), 0),
        (("verify", file, "--json"), (0, 1)),
        (("report", file, "-o", tmp_path / "page.html"), 0),
        environment=installed,
    )
    assert json.loads(said)["differences"] == []
    assert answer["summary"]["claims"]["decisions"][0]["sentence"] in again


@pytest.mark.slow
def test_a_cell_that_raises_is_a_failed_cell(computed):
    _, (_, (_, error), _) = computed
    assert "no 3" in error


def test_lists_span_a_grid_and_whole_numbers_are_the_same_cell(here):
    cells = [t.cell for t in asked(sample={"seeds": "1:3", "size": [10, 20], "centre": [0, 1.5]})]
    assert [(c.seed, c.options["size"], c.options["centre"]) for c in cells] == [
        (seed, size, centre) for seed in (1, 2) for size in (10, 20) for centre in (0.0, 1.5)
    ]
    (alone,) = asked(sample={"seeds": 1, "centre": 0.0})
    assert alone.cell.id == cells[0].id
    assert type(cells[0]).from_settings(cells[0].settings).id == cells[0].id


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"sampel": {}}, "no such experiment (did you mean 'sample'?)"),
        ({"sample": {"sise": 3}}, "has no option 'sise' (did you mean 'size'?)"),
        ({"sample": {"size": 1}}, "size = 1: must be from 2 to 1000"),
        ({"sample": {"size": 2.5}}, "size = 2.5: must be of type int"),
        ({"sample": {"size": []}}, "size = []: needs at least one value"),
        ({"sample": {"size": [5, 5]}}, "size: a value is listed twice"),
        ({"sample": {"seeds": [-1]}}, "seeds = -1: seeds are whole numbers"),
        ({"sample": {"family": "maze-basik"}}, "unknown family 'maze-basik'"),
        ({"Sample!": {}}, "an experiment's name is"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(here, table, message):
    with pytest.raises(RlgenError) as error:
        asked(**table)
    assert message in str(error.value)
    assert "experiments" in str(error.value)


def test_an_experiment_needs_its_paper(here):
    with pytest.raises(ProtocolError, match=r"experiments\.sample: needs paper"):
        plan(suite.read({"name": "x", "experiments": {"sample": {}}}))


def test_agents_need_all_their_keys_beside_experiments(here):
    keys = {"name": "x", "paper": "here", "experiments": {"sample": {}}, "family": "maze-basic"}
    with pytest.raises(ProtocolError, match="'n_train_levels' is missing"):
        suite.read(keys)
    with pytest.raises(ProtocolError, match=r"network = \[\]: needs at least one value"):
        suite.read({**keys, "n_train_levels": 3, "network": [], "seeds": 0, "steps": 100})


def test_agents_and_experiments_share_a_study(here):
    keys = {"name": "x", "paper": "here", "family": "maze-basic", "n_train_levels": 3}
    keys |= {"network": "conv-a", "seeds": "0:2", "steps": 100, "experiments": {"sample": {}}}
    kinds = [task.cell.kind for task in plan(suite.read(keys)).tasks]
    assert kinds == ["train"] * 2 + ["experiment"] * 2


def test_a_plan_says_what_experiments_cost(here):
    priced = cost.price(asked(sample={"seeds": "0:4"}), jobs=2)
    assert priced["measured"] == {"experiment": {"cells": 4, "seconds": 12.0}}
    assert priced["seconds"] == 6.0
    assert priced["cells"] == 4


def test_a_fact_holds_in_all_cases_or_not():
    words = {
        tuple(holds): joint([fact("x", holds, "so")], every=True)
        for holds in ([True, True], [True, False], [])
    }
    assert words == {(True, True): (0.0, 1.0), (True, False): (1.0, 0.0), (): (1.0, 1.0)}


def test_experiments_are_listed():
    assert isinstance(json.loads(rlgen("list", "experiments", "--json")[0]), dict)


def test_a_key_is_an_option_or_measured():
    with pytest.raises(ValueError, match="'size' is an option and is measured"):
        Experiment("x", "x:y", {"size": 1}, {"size": "of it"})


@pytest.mark.slow
def test_controls_that_have_not_been_run_have_not_failed(computed):
    folder, (*_, (said, _)) = computed
    answer = json.loads(said)
    controls = answer["summary"]["claims"]["controls"]
    assert [one["as_expected"] for one in controls] == [None, None]
    page = (folder / "sample" / "report.html").read_text()
    assert "not to be believed" not in page
    assert "Calibration controls that have not been run: K-1, K-2." in page


def test_a_study_without_runs_has_the_columns(here):
    from rlgen.analysis.results import Results

    keys = {"name": "x", "paper": "here", "experiments": {"sample": {}}}
    nothing = Results(suite.read(keys).whole, pd.DataFrame(), pd.DataFrame(), [], {}, {}, {})
    assert list(nothing.measured("sample").columns) == [
        *("seed", "size", "centre", "family", "mean"),
    ]


def test_an_extra_is_named_before_anything_runs(monkeypatch, tmp_path, here):
    """As on a machine without ``rlgen[graphs]``."""
    needing = replace(Here.experiments["sample"], extra="graphs")
    monkeypatch.setattr(Here, "experiments", {"sample": needing})
    path = tmp_path / "x.toml"
    path.write_text('name = "x"\npaper = "here"\n[experiments.sample]\nseeds = 0\n')
    assert len(plan(suite.read(path)).tasks) == 1
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    _, err = rlgen("evaluate", path, "-o", tmp_path / "store", code=2)
    assert "experiments = 'sample': needs the package networkx: pip install 'rlgen[graphs]'" in err
    assert not (tmp_path / "store").exists()
