"""The first line of a page: what was run, beside what the paper ran."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlgen.analysis.results import Results
from rlgen.report import page
from rlgen.report.sections.progress import power, progress
from rlgen.report.summary import summarise
from rlgen.store.run_store import RunStore


def study(name, cells, done, *, paper="zhang2018", imported=False):
    plan = [
        {"id": str(i), "settings": {"steps": steps} if steps else {}, "records": steps is not None}
        for i, steps in enumerate(cells)
    ]
    return SimpleNamespace(
        plan=plan,
        missing=plan[done:],
        imported=imported,
        protocol=SimpleNamespace(name=name, paper=paper),
    )


def test_runs_steps_and_those_of_the_paper():
    line = progress(study("zhang2018-cpu", [4_000_000] * 259 + [None] * 60, 89))
    assert line == "89 of 259 runs, 4 million steps a run (the paper: 10⁹), 0 of 60 further cells"
    mixed = study("zhang2018-week", [4_000_000, 100_000_000], 2)
    assert progress(mixed) == "2 of 2 runs, 4 million to 10⁸ steps a run (the paper: 10⁹)"


def test_policies_made_elsewhere_have_no_steps():
    cells = study("mine", [1, 1], 2)
    for cell in cells.plan:
        cell["settings"]["policy_hash"] = "0" * 64
    assert progress(cells) == "2 of 2 runs"


@pytest.mark.parametrize("name", ["mine", "zhang2018x-cpu", "quickstart"])
def test_a_study_of_no_shipped_suite_names_no_paper(name):
    assert progress(study(name, [2000], 1)) == "1 of 1 run, 2,000 steps a run"
    assert progress(study("zhang2018-cpu", [2000], 1, paper="")) == "1 of 1 run, 2,000 steps a run"


def test_what_was_not_trained_here_has_no_steps():
    assert progress(study("x", [0, 0], 1)) == "1 of 2 runs"
    assert progress(study("x", [None], 1)) == "1 of 1 cell"
    assert progress(study("x", [0], 1, imported=True)) == ""


@given(st.integers(7, 12))
def test_large_powers_of_ten_are_written_as_such(exponent):
    assert power(10**exponent).startswith("10")
    assert " " not in power(10**exponent)
    assert "million" in power(2 * 10**exponent)


@pytest.mark.slow
def test_it_stands_under_the_title(tiny_store):
    results = Results.load(RunStore(tiny_store))
    text = page.render(results, summarise(results))
    title, line = text.index("<h1>"), text.index(f"<strong>{progress(results)}.")
    assert title < line < text.index("<nav")
    assert "further cells" not in text
    assert progress(replace(results, plan=results.plan[:1])).startswith("1 of 1 run")
