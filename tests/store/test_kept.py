"""Studies that are kept with the project: their pages and the README say what their records do."""

import json
import shutil
from pathlib import Path

import pytest
from plain_values import close

from rlgen import report
from rlgen.analysis.results import Results
from rlgen.cli.answers import print_answers
from rlgen.lint import lint
from rlgen.report.summary import summarise
from rlgen.store.run_store import RunStore

ROOT = Path(__file__).parents[2]
KEPT = sorted(path.parent for path in (ROOT / "protocols" / "results").glob("*/store.json"))
#: What is not kept, see ``protocols/results/.gitignore``.
LEFT_OUT = shutil.ignore_patterns("policy.safetensors", ".rlgen")
MOST_BYTES = 3_000_000


@pytest.fixture(scope="module", params=KEPT, ids=lambda path: path.name)
def kept(request, tmp_path_factory):
    """As a checkout has it, where nothing else can get in its way."""
    copy = tmp_path_factory.mktemp("kept") / request.param.name
    shutil.copytree(request.param, copy, ignore=LEFT_OUT)
    return copy


@pytest.mark.slow
def test_its_summary_is_that_of_its_records(kept):
    told = json.loads((kept / "summary.json").read_text())
    assert report.is_current(RunStore(kept))
    again = json.loads(json.dumps(summarise(Results.load(RunStore(kept)))))
    for key in again:
        assert close(again[key], told[key]), key


@pytest.mark.slow
def test_its_runs_lack_nothing_that_was_asked_of_them(kept):
    codes = {each.code for each in lint([kept, *(kept / "runs").iterdir()]).findings}
    # Cells that have not been run; and it was continued by later commits, whose agents and levels
    # have the same versions, or their cells would be others.
    assert codes <= {"S201", "S301"}


def test_its_page_can_be_mailed_and_has_its_claims(kept):
    page = (kept / "report.html").read_text()
    assert len(page.encode()) <= MOST_BYTES
    told = json.loads((kept / "summary.json").read_text())["claims"]
    assert told["declared"]["sha256"] in page
    for claim in told["decisions"]:
        assert claim["name"] in page


def test_the_readme_shows_what_the_command_prints_of_it(kept, capsys):
    place = f"protocols/results/{kept.name}"
    print_answers(json.loads((kept / "summary.json").read_text()), Path(place) / "report.html")
    readme = (ROOT / "README.md").read_text()
    assert f"rlgen report {place}\n" in readme
    assert f"```text\n{capsys.readouterr().out}```" in readme
