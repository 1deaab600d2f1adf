"""What a new user types that looks right, and what the answer must be."""

import shlex

import pytest
from commands import rlgen

from rlgen.util.words import counted


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("power --gap nan --sd-run 1 --sd-residual 1", "'--gap': nan is not a finite number"),
        ("power --gap inf --sd-run 1 --sd-residual 1", "'--gap': inf is not a finite number"),
        ("power --gap 1 --sd-run nan --sd-residual 1", "'--sd-run': nan is not a finite number"),
        ("check store --max-gap nan", "'--max-gap': nan is not a finite number"),
        (
            "evaluate --env CartPole-v1 --policy x.zip --test-levels 100:200",
            "--policy 'x.zip': there is no such file",
        ),
        (
            "evaluate --env CartPole-v1 --policy a=mine:act --policy a=runs/y.zip --test-levels 9",
            "--policy 'runs/y.zip': there is no such file",
        ),
        (
            "evaluate --env CartPole-v1 --policy mine:act --test-levels 100:200",
            "--policy needs --train-levels, the levels that the policy learned from",
        ),
        (
            "evaluate --env CartPole-v1 --policy x.zip --train-levels 0:9 --test-levels 100:200 "
            "--steps 1000",
            "--steps goes with training, and the policy of --policy is not trained here",
        ),
        (
            "evaluate --env CartPole-v1 --policy x.zip --train-levels 0:9 --test-levels 100:200 "
            "--network mlp-64-64",
            "--network goes with training",
        ),
        ("evaluate --env CartPole-v1 --train-levels ''", "--train-levels is empty"),
        ("evaluate --env CartPole-v1 --train-levels 0:9 --policy ''", "--policy is empty"),
        ("evaluate --env CartPole-v1 --option ''", "--option is empty"),
    ],
)
def test_one_line_and_nothing_computed(arguments, message, tmp_path):
    out, err = rlgen(*shlex.split(arguments), code=2, cwd=tmp_path)
    assert message in err
    assert out == ""
    assert not list(tmp_path.iterdir())


def test_one_of_a_thing_is_not_called_several():
    assert [counted(n, "cell") for n in (0, 1, 2, 12000)] == [
        "0 cells",
        "1 cell",
        "2 cells",
        "12,000 cells",
    ]
