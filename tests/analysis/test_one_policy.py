"""The answer about one policy: its own gap, and nothing about an algorithm."""

import json

import numpy as np
import pytest
from commands import rlgen

from rlgen.analysis.stats.policy_gap import policy_gap

POLICY = """import numpy as np


def act(observations):
    \"\"\"Mostly up, by chance to the right.\"\"\"
    return np.tile([0.6, 0.4, 0.0, 0.0, 0.0], (len(observations), 1))
"""


def test_the_training_pool_is_taken_as_it_is():
    test = np.array([0.0, 1.0, 2.0, 3.0])
    narrow, wide = np.full(4, 5.0), np.array([0.0, 0.0, 10.0, 10.0])
    one, other = policy_gap(narrow, test, 0.0), policy_gap(wide, test, 0.0)
    assert (one.mean, one.low) == (other.mean, other.low)
    assert other.low > policy_gap(wide, test).low, "unknown noise: its levels count as drawn"
    assert policy_gap(narrow, test, 1.0).low < one.low, "episodes that were played add to it"


def test_training_levels_that_were_not_played_are_in_the_interval():
    train = test = np.linspace(0, 3, 100)
    widths = [
        answer.high - answer.low
        for pool in (100, 120, 1000, np.inf)
        for answer in [policy_gap(train, test, 0.0, pool=pool)]
    ]
    assert widths == sorted(widths)
    whole = policy_gap(train, test, 0.0)
    assert widths[0] == whole.high - whole.low
    drawn = policy_gap(train, test)
    assert widths[-1] == pytest.approx(drawn.high - drawn.low), "all of them are new"
    one = policy_gap(train[:1], test, 0.0, pool=2)
    assert one.reason == "one training level of several was played"


@pytest.mark.parametrize(
    ("train", "test", "noise", "reason"),
    [
        ([], [1.0, 2.0], 0.0, "there are no levels"),
        ([1.0], [], 0.0, "there are no levels"),
        ([1.0], [2.0], 0.0, "one level has no interval for new levels"),
        ([np.nan], [1.0, 2.0], 0.0, "a return is not a number"),
        ([1.0], [1.0, 2.0], np.nan, "one training level, and its episodes' spread is not known"),
        ([1.0, 1.0], [2.0, 2.0], 0.0, "all values are equal"),
    ],
)
def test_what_has_no_interval_says_why(train, test, noise, reason):
    answer = policy_gap(np.array(train), np.array(test), noise)
    assert np.isnan(answer.low)
    assert answer.reason == reason


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """What the command says of one policy on 10 and 60 levels, and its summary."""
    folder = tmp_path_factory.mktemp("one")
    (folder / "policy_of_one.py").write_text(POLICY)
    arguments = ["--env", "maze-basic", "--policy", "policy_of_one:act", "--jobs", "1", "-q"]
    levels = ["--train-levels", "0:10", "--test-levels", "1000:1060"]
    out, _ = rlgen("evaluate", *arguments, *levels, "-o", "store", cwd=folder)
    return out, json.loads((folder / "store" / "summary.json").read_text())


@pytest.mark.slow
def test_one_policy_has_an_answer_of_its_own(answers):
    out, summary = answers
    (cell,) = summary["cells"]
    assert np.isfinite(cell["policy_gap"]["return"]["low"])
    assert cell["gap"]["low"] is None, "of the algorithm nothing is said"
    assert cell["sentence"] in out
    assert "one policy, assumed to have learned from the 10 levels of maze-basic" in out
    assert "of the algorithm that made it, one run says nothing" in out
    assert "add seeds" not in out


@pytest.mark.slow
def test_what_other_tools_report_stands_beside_it(answers):
    out, summary = answers
    (cell,) = summary["cells"]
    greedy = cell["conditions"]["greedy"]["train"]["mean"]
    assert greedy != cell["train"]["mean"]
    expected = f"{greedy:.2f}".replace("-", "−")
    assert "as stable-baselines3's evaluate_policy plays: train " + expected in out
