"""Imported returns under several conditions: which one decides, and which runs lack some."""

import pandas as pd
from returns import imported, returns

from rlgen.analysis.results import Results
from rlgen.report.sections.elsewhere import elsewhere
from rlgen.store.run_store import RunStore


def limits(folder, *tables):
    """What a report of these tables says is not known."""
    study = Results.load(RunStore(imported(folder, "store", pd.concat(tables))))
    return study, elsewhere(study)["limits"]


def about(lines, word):
    return [line for line in lines if word in line]


def test_without_plain_the_report_says_by_which_condition_it_judges(tmp_path):
    tables = [returns(1.0).assign(condition=name) for name in ("noisy", "calm")]
    study, lines = limits(tmp_path, *tables)
    assert study.main == "calm"
    (line,) = about(lines, "No condition is called plain")
    assert line.endswith("by returns under calm, the first of calm, noisy by name.")
    assert not about(lines, "there are returns of")


def test_with_plain_or_one_condition_alone_nothing_is_said(tmp_path):
    tables = [returns(1.0).assign(condition=name) for name in ("calm", "plain")]
    for name, own in {"both": tables, "one": tables[:1]}.items():
        (tmp_path / name).mkdir()
        _, lines = limits(tmp_path / name, *own)
        assert not about(lines, "No condition")


def test_runs_that_lack_a_condition_are_counted(tmp_path):
    table = returns(1.0)
    seeds = sorted(table["seed"].unique())
    few = table[table["seed"].isin(seeds[:2])].assign(condition="noisy")
    _, lines = limits(tmp_path, table.assign(condition="plain"), few)
    (line,) = about(lines, "there are returns of")
    assert line.startswith(f"Under noisy there are returns of 2 of {len(seeds)} runs: ")
