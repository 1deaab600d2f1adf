"""What a user has does not change: ids of cells, records, old stores, old protocol files.

Everything in ``golden/`` that these tests read was made by revision 58ee555, before the second plan
of the house: ``old_suite`` is a suite in the first form of protocol files, ``old_store.zip`` the
store that ``rlgen evaluate ./old_suite --jobs 1`` made of it, without its page and
all weights but one. The ids of ten cells with a billion steps are later: such runs are saved every
five million steps since then, and begin new episodes there.
"""

import json
import shutil
import tomllib
import zipfile
from pathlib import Path

import pytest
from helpers import unsealed
from plain_values import close
from planning import tasks_of

import rlgen
from rlgen import report
from rlgen.analysis.results import Results
from rlgen.protocol import suite
from rlgen.report.summary import summarise
from rlgen.store import provenance
from rlgen.store.run_store import RunStore

GOLDEN = Path(__file__).parents[1] / "golden"
IDS = json.loads((GOLDEN / "cell_ids.json").read_text())
#: Files of a run that depend on nothing but its settings, the processor and the libraries.
REPRODUCIBLE = ("records.parquet", "curve.parquet", "strips.json", "trajectories.json")


def processor_features():
    """What a processor can do, by which numerical libraries choose how they compute."""
    processors = Path("/proc/cpuinfo")
    if not processors.exists():
        return []  # not Linux: another machine than the golden store's
    lines = processors.read_text().splitlines()
    return next(sorted(line.partition(":")[2].split()) for line in lines if "flags" in line)


def content(path):
    """The bytes of a file; of JSON what they say, as its layout has changed since."""
    return json.loads(path.read_text()) if path.suffix == ".json" else path.read_bytes()


@pytest.fixture
def old_store(tmp_path):
    with zipfile.ZipFile(GOLDEN / "old_store.zip") as archive:
        archive.extractall(tmp_path / "old")
    return tmp_path / "old"


def test_fifty_cells_keep_their_ids():
    assert len({told["id"] for told in IDS}) == 50
    keys = ("protocol", "seeds", "budget")
    studies = {json.dumps([told.get(key) for key in keys]): told for told in IDS}
    for key, told in studies.items():
        tasks = tasks_of(suite.read(*(told.get(each) for each in keys)).parts)
        conditions = {task.cell.id: list(task.wanted) for task in tasks}
        labels = {task.cell.id: task.cell.label for task in tasks}
        for cell in IDS:
            if json.dumps([cell.get(each) for each in keys]) == key:
                assert labels[cell["id"]] == cell["label"]
                assert conditions[cell["id"]] == cell["conditions"]


def by_the_first_rule(summary):
    """A summary as it was before it was asked whether training had ended, which is added."""
    assert len(summary.pop("training")) == len(summary["runs"])
    for cell in summary["cells"]:
        assert cell.pop("training")["runs"] == cell["runs"]
    claims = summary["claims"]
    assert claims.pop("rule")["version"] == 2
    for reading in claims["readings"]:
        for one in (reading["default"], reading["other"]):
            one["verdict"] = one.pop("before")
    for one in claims["decisions"]:
        assert one["verdict"] in (one["before"], "not yet")
        del one["before"], one["waits"]


def test_an_old_store_is_read_as_it_was(old_store):
    told = json.loads((old_store / "summary.json").read_text())
    del told["state"]  # of the folder, by which a page knows that it is current
    again = json.loads(json.dumps(summarise(Results.load(RunStore(old_store)))))
    by_the_first_rule(again)
    assert again.keys() == told.keys()
    for key in again:
        assert close(again[key], told[key]), key


@pytest.mark.slow
def test_an_old_store_is_continued_by_an_old_protocol_file(old_store, tmp_path):
    suite = tmp_path / "old_suite"
    shutil.copytree(GOLDEN / "old_suite", suite)
    before = {path: path.read_bytes() for path in (old_store / "runs").rglob("*") if path.is_file()}
    told = rlgen.evaluate(suite, old_store, jobs=1)
    assert not told.computed
    assert not told.failed
    assert len(told.already) == 6
    assert {p: p.read_bytes() for p in before} == before
    assert "C-06" in told.report.read_text()
    assert "Figure 3b" in told.report.read_text()


@pytest.mark.slow
def test_records_are_the_same_byte_for_byte(old_store, tmp_path):
    told = rlgen.evaluate(GOLDEN / "old_suite", tmp_path / "new", jobs=1)
    assert not told.failed
    old_runs = sorted(path for path in (old_store / "runs").iterdir())
    assert sorted(told.computed) == [path.name for path in old_runs]
    made = json.loads((old_runs[0] / "provenance.json").read_text())["versions"]
    here = provenance.machine()["versions"]
    processor = (GOLDEN / "old_store_processor.txt").read_text().split()
    if any(made[name] != here[name] for name in made) or processor_features() != processor:
        pytest.skip("other processors and libraries round otherwise, and training amplifies that")
    for old in old_runs:
        for name in REPRODUCIBLE:
            if (old / name).exists():
                new = told.store / "runs" / old.name / name
                assert content(new) == content(old / name), (old.name, name)


@pytest.mark.slow
def test_an_old_file_without_claims_makes_its_figure_and_no_claims(tmp_path):
    """``item`` alone said of which figure a protocol was."""
    keys = tomllib.loads((GOLDEN / "old_suite" / "suite.toml").read_text())
    for key in ("parts", "budget", "budgets", "claims"):
        del keys[key]
    keys |= {"item": "fig3b", "seeds": [0], "steps": 300}
    for _ in range(2):  # as made, and continued
        result = rlgen.evaluate(keys, tmp_path / "store", jobs=1)
        page = result.report.read_text()
        assert "Figure 3b" in page
        assert not result.summary["claims"]
        result.report.unlink()
    whole = unsealed(tmp_path / "store") / "protocol.toml"
    parts = tmp_path / "store" / "parts" / "fig3b.toml"
    # As a store of the first form has it.
    whole.write_text(whole.read_text().replace('paper = "zhang2018"', 'item = ""\nclaims = {}'))
    parts.write_text(parts.read_text().replace('paper = "zhang2018"', 'item = "fig3b"'))
    assert "Figure 3b" in report.write(RunStore(tmp_path / "store")).read_text()
