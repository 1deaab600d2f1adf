"""Studies that are kept with the project: pages and documents say what their records do."""

from pathlib import Path

import pytest

import rlgen
from rlgen import report
from rlgen.analysis.claims import decide
from rlgen.analysis.results import Results
from rlgen.cli.answers import print_answers
from rlgen.store.opening import opened
from rlgen.util import files

ROOT = Path(__file__).parents[2]
KEPT = sorted((ROOT / "protocols" / "results").glob("*.tar.xz"))
#: Runs that each has at the least.
LEAST_RUNS = {
    "izmailov2021-cpu.tar.xz": 149,
    "mackay2018-cpu.tar.xz": 270,
    "maze-sizes-cpu.tar.xz": 9,
    "ortizjimenez2021-cpu.tar.xz": 376,
    "sander2021-cpu.tar.xz": 399,
    "zhang2018-cpu.tar.xz": 138,
}
MOST_BYTES_OF_A_BUNDLE = 12_000_000
MOST_BYTES_OF_A_PAGE = 3_000_000

pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize("kept", KEPT, ids=lambda path: path.name),
]


def test_it_is_small_and_its_summary_is_that_of_its_records(kept):
    assert kept.stat().st_size <= MOST_BYTES_OF_A_BUNDLE
    result = rlgen.verify(kept)
    assert result.differences == ()
    assert result.runs >= LEAST_RUNS[kept.name]


def test_its_runs_lack_nothing_that_was_asked_of_them(kept):
    codes = {each.code for each in rlgen.verify(kept).problems}
    # Cells that have not been run; and it was continued by later commits, whose agents and levels
    # have the same versions, or their cells would be others.
    assert codes <= {"S201", "S301"}


def test_no_verdict_says_what_was_not_reached_by_runs_that_had_not_converged(kept):
    with opened(kept) as store:
        results = Results.load(store)
        if results.paper is None:
            pytest.skip("no paper's study")
        claims = results.paper.claims()
        decisions = decide(claims, results.paper.evidence(results), results.margins)
    assert {one.word for one in decisions} <= {"supported", "refuted", "not yet", "inconclusive"}
    for one in decisions:
        deciding = one.parts if one.claim.every == (one.word == "supported") else one.parts[:1]
        if one.word in ("supported", "refuted"):
            assert not any(part.waits(one.word) for part in deciding), one.name
        if one.word == "not yet":
            assert one.waits
            assert all(ending.needed > ending.steps for ending in one.waits), one.name


def test_what_is_known_to_be_true_or_false_comes_out_so(kept):
    with opened(kept) as store:
        _, summary = report.render(store)
    controls = (summary["claims"] or {}).get("controls", ())
    assert [one["name"] for one in controls if not one["as_expected"]] == []


def test_its_page_can_be_mailed_and_has_its_claims(kept):
    with opened(kept) as store:
        page, summary = report.render(store)
    assert len(page.encode()) <= MOST_BYTES_OF_A_PAGE
    if summary["claims"]:
        assert summary["claims"]["declared"]["sha256"] in page
    for claim in (summary["claims"] or {}).get("decisions", ()):
        assert claim["name"] in page
    for cell in summary["cells"]:
        assert f"{cell['n_train_levels']:,} level" in page


def test_the_readme_shows_what_the_command_prints_of_it(kept, capsys):
    place = f"protocols/results/{kept.name}"
    with opened(kept) as store:
        summary = files.read_json(store.path / "summary.json")
    print_answers(summary, Path(place.removesuffix(".tar.xz") + ".html"))
    papers = ROOT.glob("protocols/rlgen_protocols/*/README.md")
    places = (ROOT / "README.md", ROOT / "protocols" / "README.md", *papers)
    documents = "\n".join(path.read_text() for path in places)
    assert f"rlgen report {place}\n" in documents
    assert f"```text\n{capsys.readouterr().out}```" in documents
