"""A paper is one folder and one line: a toy of another distribution, with its entry point."""

import json
import os
import shutil
from pathlib import Path

import pytest
from commands import process, processes, rlgen

TOY = Path(__file__).parents[1] / "outside" / "toy2000"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The environment in which the toy is installed."""
    site = tmp_path_factory.mktemp("site")
    shutil.copytree(TOY, site / "toy2000")
    info = site / "toy2000-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy2000\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[rlgen.papers]\ntoy2000 = toy2000:PAPER\n")
    return {"PYTHONPATH": os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH")]))}


@pytest.fixture(scope="module")
def study(installed, tmp_path_factory):
    """Its suite, run: the folder and what the command said."""
    out = tmp_path_factory.mktemp("toy") / "store"
    told, _ = process("evaluate", TOY, "-o", out, "--json", "-j", 1, environment=installed)
    return out, json.loads(told)


@pytest.mark.slow
def test_its_claims_are_decided(study):
    _, told = study
    claims = told["summary"]["claims"]
    assert {one["name"]: one["verdict"] for one in claims["decisions"]} == {
        "T-1": "supported",
        "T-2": "refuted",
    }
    assert claims["decisions"][0]["margins"] == [["held-out return", 3.0]]


@pytest.mark.slow
def test_its_margins_are_frozen_in_the_store(study):
    out, _ = study
    frozen = json.loads((out / "store.json").read_text())["claims"]
    assert frozen["margins"] == {"T-1": [3.0], "T-2": [3.0]}
    assert frozen["paper"] == "toy2000"


@pytest.mark.slow
def test_its_section_is_on_the_page_and_claims_lead_to_it(study):
    out, _ = study
    page = (out / "report.html").read_text()
    assert page.index('id="claims"') < page.index('id="toy2000-gaps"') < page.index('id="answer"')
    assert '<a href="#toy2000-gaps">Toy figure 1</a>' in page
    assert "<p>4 runs</p>" in page
    assert "Parts: table1." in page


@pytest.mark.slow
def test_each_seed_draws_one_of_its_networks_which_trains(study):
    out, told = study
    assert not told["failed"]
    cells = [json.loads(path.read_text())["settings"] for path in out.glob("runs/*/cell.json")]
    assert {cell["network"] for cell in cells} == {"toy-8", "toy-16"}


@pytest.mark.slow
def test_its_file_is_kept_with_each_run(study):
    out, _ = study
    kept = [json.loads(path.read_text()) for path in out.glob("runs/*/weights.json")]
    assert sorted(one["seed"] for (one,) in kept) == [0, 1, 2, 3]
    assert all(one["weights"] > 100 for (one,) in kept)


def test_it_is_listed_with_its_networks(installed):
    listings = (("list", "papers", "--json"), 0), (("list", "networks", "--json"), 0)
    papers, networks = (json.loads(out) for out, _ in processes(*listings, environment=installed))
    assert {"packer2018", "zhang2018", "toy2000"} <= set(papers)
    assert networks["toy-8"] == "MLP 8"


@pytest.mark.slow
def test_without_it_its_store_and_suite_are_answered(study):
    out, _ = study
    _, error = rlgen("report", out, code=2)
    assert "unknown paper 'toy2000'" in error
    _, error = rlgen("evaluate", TOY, "-o", out.parent / "new", code=2)
    assert "toy2000/table1: paper = 'toy2000'" in error
