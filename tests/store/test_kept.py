"""Studies that are kept with the project: pages and documents say what their records do."""

import contextlib
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

import rlgen
from rlgen import report
from rlgen.analysis.claims import Decision, decide
from rlgen.analysis.results import Results
from rlgen.analysis.stats.choices import GROUP
from rlgen.cli.answers import print_answers
from rlgen.protocol import suite
from rlgen.report.kept import Verification
from rlgen.store.opening import opened
from rlgen.util import files
from rlgen_protocols.zhang2018.claims.evidence import Evidence
from rlgen_protocols.zhang2018.figures.selection import Selection
from rlgen_protocols.zhang2018.figures.tables import Table

ROOT = Path(__file__).parents[2]
KEPT = sorted((ROOT / "protocols" / "results").glob("*.tar.xz"))
#: Runs that each has at the least.
LEAST_RUNS = {
    "du2019-cpu.tar.xz": 593,
    "extrapolation-cpu.tar.xz": 150,
    "garden.tar.xz": 6,
    "izmailov2021-cpu.tar.xz": 149,
    "knyazev2019-cpu.tar.xz": 145,
    "longer-runs-cpu.tar.xz": 17,
    "mackay2018-cpu.tar.xz": 270,
    "maze-sizes-cpu.tar.xz": 9,
    "ortizjimenez2021-cpu.tar.xz": 376,
    "quickstart.tar.xz": 6,
    "sander2021-cpu.tar.xz": 399,
    "sato2020-cpu.tar.xz": 154,
    "tunnel-exploration-cpu.tar.xz": 6,
    "tunnel-presets-cpu.tar.xz": 15,
    "xu2019-cpu.tar.xz": 143,
    "xu2020-cpu.tar.xz": 351,
    "xu2021-cpu.tar.xz": 197,
    "zhang2018-cpu.tar.xz": 221,
}
#: Studies that choose among many settings by training returns, of which one run each is enough, or
#: have a part of one seed, which says so.
ONE_SEED = {
    "longer-runs-cpu.tar.xz",
    "tunnel-exploration-cpu.tar.xz",
    "tunnel-presets-cpu.tar.xz",
}
#: In the order of the page.
WORDS = ("supported", "refuted", "not yet", "inconclusive")
#: About 65 kB a run of a study with returns of thousands of levels under ten conditions.
MOST_BYTES_OF_A_BUNDLE = 16_000_000
MOST_BYTES_OF_A_PAGE = 3_000_000

pytestmark = pytest.mark.slow


@dataclass
class Kept:
    """A bundle, and what is made of it: once for all tests."""

    path: Path
    verification: Verification
    decisions: Sequence[Decision]
    page: str
    summary: dict[str, Any]
    answers: str


@pytest.fixture(scope="module", params=KEPT, ids=lambda path: path.name)
def kept(request):
    path = request.param
    with opened(path) as store:
        verification = rlgen.verify(store.path)
        page, summary = report.render(store)
        results = Results.load(store)
        paper = results.paper
        decisions = ()
        if paper is not None:
            decisions = decide(paper.claims(), paper.evidence(results), results.margins)
        answers = io.StringIO()
        with contextlib.redirect_stdout(answers):
            place = f"protocols/results/{path.name.removesuffix('.tar.xz')}.html"
            print_answers(files.read_json(store.path / "summary.json"), Path(place))
    return Kept(path, verification, decisions, page, summary, answers.getvalue())


def test_it_is_small_and_its_summary_is_that_of_its_records(kept):
    assert kept.path.stat().st_size <= MOST_BYTES_OF_A_BUNDLE
    assert kept.verification.differences == ()
    assert kept.verification.runs >= LEAST_RUNS[kept.path.name]


def test_its_runs_lack_nothing_that_was_asked_of_them(kept):
    codes = {each.code for each in kept.verification.problems}
    # Cells that have not been run; and it was continued by later commits, whose agents and levels
    # have the same versions, or their cells would be others.
    allowed = {"S201", "S301"} | ({"S203"} if kept.path.name in ONE_SEED else set())
    assert codes <= allowed


def test_no_verdict_says_what_was_not_reached_by_runs_that_had_not_converged(kept):
    if not kept.decisions:
        pytest.skip("no paper's study")
    assert {one.word for one in kept.decisions} <= set(WORDS)
    for one in kept.decisions:
        deciding = one.parts if one.claim.every == (one.word == "supported") else one.parts[:1]
        if one.word in ("supported", "refuted"):
            assert not any(part.waits(one.word) for part in deciding), one.name
        if one.word == "not yet":
            assert one.waits
            for ending in one.waits:
                # The mean of some may not rise at the end: what their fastest pace takes is said.
                at_least = ending.needed_at_least
                assert at_least > ending.steps, (one.name, ending.what)
                assert not ending.needed < at_least, (one.name, ending.what)


def test_what_is_known_to_be_true_or_false_comes_out_so(kept):
    controls = (kept.summary["claims"] or {}).get("controls", ())
    assert [one["name"] for one in controls if not one["as_expected"]] == []


def test_most_of_table_2_is_as_published_or_was_still_being_learnt(kept):
    if "zhang2018" not in kept.path.name:
        pytest.skip("another study")
    with opened(kept.path) as store:
        results = Results.load(store)
        drawing = Table("table2.csv").draw(Selection(results, results.parts["table2"]), "t")
    cells = drawing.data.query("published != '' and n_train_levels <= 1000 and runs > 0")
    assert set(cells["n_train_levels"]) == {10, 100, 1000}
    near = cells["difference"].abs() <= 0.3
    assert (near | (cells["converged"] < cells["runs"])).mean() >= 0.8


def test_what_was_asked_for_is_there_and_most_of_it_is_decided(kept):
    """``cpu`` is what was run."""
    if "zhang2018" not in kept.path.name:
        pytest.skip("another study")
    asked = suite.read("zhang2018", budget="cpu")
    with opened(kept.path) as store:
        assert store.parts() == dict(
            zip(asked.names, (part for part, _ in asked.parts), strict=True)
        )
    assert kept.summary["missing"] == []
    words = [one.word for one in kept.decisions]
    assert len(words) == 14
    assert words.count("inconclusive") <= 2


def test_its_page_has_claims_by_verdict_and_the_rule_that_decides(kept):
    claims = kept.summary["claims"]
    if not claims:
        pytest.skip("no paper's study")
    section = kept.page.split('<section id="claims"')[1].split("</section>")[0]
    table = section.split("</table>")[0]
    words = re.findall(r'<td><span class="verdict [a-z-]+">([a-z ]+)</span>', table)
    order = [word for word in WORDS if word in words]
    assert [word for word, _ in groupby(words)] == order
    assert len(words) == len(claims["decisions"])
    for one in claims["decisions"]:
        if one["verdict"] != one["before"]:
            assert f"by rule 1: {one['before']}" in table
    if any(one["waits"] for one in claims["decisions"]):
        rule = claims["rule"]
        assert f"Rule {rule['version']} of verdicts, of {rule['since']}" in section


def test_each_setting_of_the_paper_s_figures_has_three_seeds(kept):
    """Of the budget that was run."""
    if "zhang2018" not in kept.path.name:
        pytest.skip("another study")
    with opened(kept.path) as store:
        results = Results.load(store)
        for name, part in results.parts.items():
            if name.startswith(Evidence.ASIDE):
                continue
            selection = Selection(results, part)
            for setting in selection.settings([*GROUP, "agent", "requested"]):
                assert len(selection.runs(**setting)) >= 3, (name, setting)


def test_each_class_of_cloned_networks_has_150(kept):
    if "zhang2018" not in kept.path.name:
        pytest.skip("another study")
    cloned = [one for one in kept.summary["claims"]["strata"] if one["agents"] == "cloned"]
    assert len(cloned) == 6
    for one in cloned:
        assert min(one["overfitted"], one["sound"]) >= 150, one["stratum"]


def test_its_page_can_be_mailed_and_has_its_claims(kept):
    page, summary = kept.page, kept.summary
    assert len(page.encode()) <= MOST_BYTES_OF_A_PAGE
    if summary["claims"]:
        assert summary["claims"]["declared"]["sha256"] in page
    for claim in (summary["claims"] or {}).get("decisions", ()):
        assert claim["name"] in page
    for cell in summary["cells"]:
        assert f"{cell['n_train_levels']:,} level" in page


def test_the_folder_of_the_paper_says_how_many_runs_and_what_was_decided(kept):
    if "zhang2018" not in kept.path.name:
        pytest.skip("another study")
    text = (ROOT / "protocols/rlgen_protocols/zhang2018/README.md").read_text()
    finding = " ".join(text.split("**What was found**")[1].split("**What differs.**")[0].split())
    assert finding.startswith(f"at `cpu` ({len(kept.summary['runs'])} runs, ")
    before, after = finding.split("Nine are not yet decided")
    by_rule_1, inconclusive = after.split(" are inconclusive.")[0].rsplit(". ", 1)
    named = {
        "supported": before.split(" are supported")[0],
        "refuted": before.split(" are supported and ")[1],
        "inconclusive": inconclusive,
        "supported at first": by_rule_1.split("by the first rule ")[1].split(" were supported")[0],
        "refuted at first": by_rule_1.split(" were supported and ")[1],
    }
    for word, names in named.items():
        own = "before" if word.endswith("at first") else "word"
        decided = {
            one.name
            for one in kept.decisions
            if getattr(one, own) == word.split()[0] and (own == "word" or one.word == "not yet")
        }
        assert set(re.findall(r"C-\d\d", names)) == decided, word
    assert [one.word for one in kept.decisions].count("not yet") == 9


def test_a_document_shows_what_the_command_prints_of_it(kept):
    papers = ROOT.glob("protocols/rlgen_protocols/*/README.md")
    results = ROOT.glob("protocols/results/*.md")
    places = (*ROOT.glob("docs/*/*.md"), ROOT / "protocols" / "README.md", *papers, *results)
    documents = "\n".join(path.read_text() for path in places)
    assert f"rlgen report protocols/results/{kept.path.name}\n" in documents
    assert f"```text\n{kept.answers}```" in documents
