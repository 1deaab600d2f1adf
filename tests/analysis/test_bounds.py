"""Intervals as they are displayed: within what is possible, and never empty without a reason."""

import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlgen.analysis import bounds
from rlgen.analysis.results import Results
from rlgen.analysis.stats.intervals import Estimate
from rlgen.report.page import render
from rlgen.report.summary import summarise
from rlgen.store.run_store import RunStore

NAN = float("nan")
finite = st.floats(-100, 100)


@given(finite, st.floats(0, 50), st.floats(-10, 0), st.floats(0, 10))
def test_what_is_displayed_lies_within_and_holds_the_estimate(mean, half, least, most):
    whole = Estimate(mean, mean - half, mean + half)
    shown = bounds.cut(whole, (least, most))
    assert shown.low <= shown.mean <= shown.high
    assert whole.low <= shown.low
    assert shown.high <= whole.high
    if least <= mean <= most:
        assert least <= shown.low
        assert shown.high <= most
    assert bool(shown.reason) == (whole.low < least or whole.high > most)
    assert 0 <= shown.left <= 1
    assert bool(shown.warning) == (shown.left < 0.5)


def test_no_interval_stays_none_and_keeps_its_reason():
    shown = bounds.cut(Estimate(0.5, reason="one run has no interval"), (0.0, 1.0))
    assert (shown.low != shown.low, shown.reason) == (True, "one run has no interval")
    assert bounds.cut(Estimate(0.5, -9, 9), (float("-inf"), float("inf"))).reason == ""


@pytest.fixture(scope="module")
def results(tiny_store):
    return Results.load(RunStore(tiny_store))


def test_bounds_are_those_of_the_family(results):
    cell = results.cells[0]
    low, high = results.facts(cell)["bounds"]["train"]
    assert bounds.possible(results, cell, "return", "train") == (low, high)
    assert bounds.possible(results, cell, "return", "gap") == (low - high, high - low)
    assert bounds.possible(results, cell, "solved", "test") == (0.0, 1.0)
    assert bounds.possible(results, cell, "normalised", "gap")[1] == float("inf")
    low, high = results.facts(cell)["bounds"]["test"]
    task = {"family": cell["family"], "n_train_levels": cell["n_train_levels"]}
    assert bounds.widest(results, task) == high - low
    assert bounds.widest(results, task | {"family": "another"}) == float("inf")


def wide(results, factor):
    """The same results with intervals so many times as wide."""
    copy = replace(results)
    table = results._estimates.copy()
    for end in ("low", "high"):
        table[end] = table["mean"] + factor * (table[end] - table["mean"])
    copy.__dict__["_estimates"] = table
    return copy


@pytest.mark.slow
def test_an_impossible_interval_is_cut_and_said_to_be(results):
    far = wide(results, 1e3)
    summary = summarise(far)
    most = results.facts(results.cells[0])["bounds"]["train"][1]
    for cell in summary["cells"]:
        assert bounds.WIDE in cell["sentence"]
        assert cell["train"]["high"] > most, "as computed, for those who compute on"
    page = render(far, summary)
    assert f'<span class="why">{bounds.CUT}</span>' in page
    (table,) = re.findall(r'<section id="cells".*?</table>', page, re.DOTALL)
    ends = re.findall(r'class="interval">\[([^,]*), ([^\]]*)\]', table)
    assert ends
    # The first three columns are returns; scores have no bounds that are known.
    columns = [ends[i : i + 3] for i in range(0, len(ends), 6)]
    for low, high in [pair for row in columns for pair in row[:2]]:
        assert float(high.replace("−", "-")) <= most + 0.005, (low, high)


@pytest.mark.slow
def test_no_cell_is_empty_without_a_reason(results):
    """As if there were one run a cell: nothing has an interval."""
    copy = replace(results)
    table = results._estimates.assign(low=NAN, high=NAN, reason="one run has no interval")
    copy.__dict__["_estimates"] = table
    page = render(copy, summarise(copy))
    assert "[–, –]" not in page
    assert "no interval</span>" in page


def test_returns_beyond_the_scale_that_was_said_are_noticed():
    rows = pd.DataFrame(
        {"split": ["train", "test"], "ret_mean": [np.array([0.2, 0.92]), np.array([-0.5, 0.1])]}
    )

    def told(low, high):
        facts = {"bounds": dict.fromkeys(("train", "validation", "test"), (low, high))}
        study = SimpleNamespace(facts=lambda _: facts, records_of=lambda _: rows)
        return bounds.beyond(study, {})

    assert told(-0.5, 0.92) == ""
    float32 = float(np.float32(0.92))
    assert float32 != 0.92
    assert told(-0.5, 0.92 - 2 * abs(float32 - 0.92)) == "", "rewards are often float32"
    assert told(-0.5, 0.5) == "a return of 0.92 is beyond best = 0.5: scores are wrong"
    assert told(-0.4, 1.0) == "a return of -0.5 is beyond worst = -0.4: scores are wrong"
    nothing = SimpleNamespace(facts=lambda _: {}, records_of=lambda _: rows)
    assert bounds.beyond(nothing, {}) == ""
