import pytest

from rlgen.errors import ProtocolError, UnknownNameError
from rlgen.perturbations import PERTURBATIONS
from rlgen.perturbations.condition import Condition


def test_names_are_spelt_out_and_ordered():
    for text, name in {
        "plain": "plain",
        "sticky_proposed": "sticky_proposed:0.25",
        "sticky_proposed:.5+greedy": "greedy+sticky_proposed:0.5",
        " random_spawn + sticky_executed : 0.1 ": "random_spawn+sticky_executed:0.1",
        "sticky_proposed+random_spawn": "random_spawn+sticky_proposed:0.25",
        "delay+epsilon:0.1": "delay:1+epsilon:0.1",
        "epsilon:0.1+delay": "epsilon:0.1+delay:1",
        "greedy:1": "greedy",
    }.items():
        assert Condition.parse(text).name == name
        assert Condition.parse(name) == Condition.parse(text)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("stiky_proposed", UnknownNameError, "did you mean 'sticky_proposed'"),
        ("sticky_proposed:-0.1", ProtocolError, "from 0 to 1, not -0.1"),
        ("sticky_proposed:1.1", ProtocolError, "from 0 to 1"),
        ("sticky_proposed:nan", ProtocolError, "from 0 to 1"),
        ("sticky_proposed:a", ProtocolError, "'a' is not a number"),
        ("sticky_proposed:0.1234567", ProtocolError, "can have six digits, as 0.123457 has"),
        ("delay:1.5", ProtocolError, "whole number"),
        ("delay:99", ProtocolError, "from 0 to 3"),
        ("delay:1+delay:2", ProtocolError, "given twice"),
        ("greedy+temperature", ProtocolError, "exclude each other"),
        ("", UnknownNameError, "unknown perturbation ''"),
        ("plain+greedy", UnknownNameError, "unknown perturbation 'plain'"),
    ],
)
def test_mistakes_are_answered(text, error, message):
    with pytest.raises(error, match=message):
        Condition.parse(text)


@pytest.mark.parametrize("name", list(PERTURBATIONS))
def test_every_perturbation_has_a_default_within_its_range(name):
    rule = PERTURBATIONS[name].strength
    assert rule.low <= rule.default <= rule.high
    assert rule.low <= rule.identity <= rule.high
    assert Condition.parse(name).parts == ((name, rule.default),)
