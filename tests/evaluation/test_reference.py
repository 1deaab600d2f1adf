"""What the best and the random agent earn is remembered for just the environment that it is of."""

from copy import copy

import numpy as np

from rlgen.evaluation import reference
from rlgen.levels import lookup
from rlgen.perturbations.condition import Condition

ROOM = lookup.family("maze-basic").configure({"size": 7})


def test_code_that_has_changed_is_another_environment(tmp_path):
    levels, conditions = ROOM.generate(range(4)), [Condition.parse("plain")]
    first = reference.returns(ROOM, levels, conditions, tmp_path)
    (file,) = tmp_path.iterdir()
    again = reference.returns(ROOM, levels, conditions, tmp_path)
    assert np.array_equal(first["plain"], again["plain"])
    edited = copy(ROOM)
    edited.source = "of the edited module"
    reference.returns(edited, levels, conditions, tmp_path)
    (other,) = set(tmp_path.iterdir()) - {file}
    edited.source = "edited once more"
    reference.returns(edited, levels, conditions, tmp_path)
    assert len({file, other, *tmp_path.iterdir()}) == 3
