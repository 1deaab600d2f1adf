"""The identity of policies made elsewhere."""

import sys

import pytest
from studies import command, finished

from rlgen.policies.sources import is_tracked, policy_hash

FIRST = "import numpy as np\nfrom numbers_of_mine import A\n\n\ndef act(observations):\n"
LEFT = FIRST + "    return np.tile([0.0] * A + [1.0] + [0.0] * (4 - A), (len(observations), 1))\n"


def test_a_function_s_identity_is_its_source(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "numbers_of_mine.py").write_text("A = 1\n")
    (tmp_path / "policy_of_mine.py").write_text(LEFT)
    named = "policy_of_mine:act"
    before = policy_hash(named)
    assert is_tracked(named)
    assert policy_hash("policy_of_mine:other") != before
    (tmp_path / "numbers_of_mine.py").write_text("A = 2\n")
    assert policy_hash(named) != before
    (tmp_path / "numbers_of_mine.py").write_text("A = 1\n")
    assert policy_hash(named) == before
    assert not is_tracked("math:floor")
    assert policy_hash("math:floor") == policy_hash("math:floor")


@pytest.mark.slow
def test_an_edited_function_is_evaluated_anew_from_the_folder_that_holds_it(tmp_path):
    (tmp_path / "numbers_of_mine.py").write_text("A = 0\n")
    (tmp_path / "policy_of_mine.py").write_text(LEFT)
    asked = "evaluate --env maze-basic --policy policy_of_mine:act --train-levels 0:3 "
    asked += "--test-levels 1000:1010 -o store --jobs 1"
    # Not the folder of this process, and not one that Python searches by itself.
    assert str(tmp_path) not in sys.path

    def evaluated():
        assert not {"numbers_of_mine", "policy_of_mine"} & set(sys.modules)
        return finished(command(*asked.split(), cwd=tmp_path))[0]

    first = evaluated()
    (tmp_path / "numbers_of_mine.py").write_text("A = 2\n")
    second = evaluated()
    assert "Nothing to compute" not in second
    assert first != second
    # The new content alone; the old run is kept, and is no second run of the same policy.
    assert "Not counted: a run is kept, but policy_of_mine:act has been changed since." in second
    assert len(list((tmp_path / "store" / "runs").iterdir())) == 2
    assert second.count("policy/own") == 1
    assert "one policy" in second
    (tmp_path / "numbers_of_mine.py").write_text("A = 0\n")
    third = evaluated()
    assert "Nothing to compute" in third
    assert first.splitlines()[0] in third
