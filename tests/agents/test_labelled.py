"""States of levels with the planner's labels."""

import numpy as np
import pytest

from rlgen import draw_split
from rlgen.agents.labelled import labelled
from rlgen.errors import LevelError
from rlgen.evaluation import planner
from rlgen.util.seeding import stream
from rlgen_envs import FAMILIES

SMALL = FAMILIES["maze-basic"].configure({"size": 5})
LEVELS = draw_split(SMALL, 3, 0, 1).train
STATES = labelled(SMALL, LEVELS)


def test_labels_are_the_planners():
    optimal = planner.plan(SMALL.tabular(LEVELS)).optimal
    assert np.array_equal(STATES.optimal, optimal)
    assert np.array_equal(STATES.goals > 0, optimal)
    assert np.allclose(STATES.goals.sum(axis=1), 1)
    assert STATES.goals.dtype == np.float32


def test_each_level_is_started_once_and_visited_as_long_as_its_episodes_last():
    tabular = STATES.tabular
    plan = planner.plan(tabular)
    steps = []
    for state in tabular.spawns:
        length = 0
        while state < tabular.n_states:
            state, length = tabular.next_state[state, plan.action[state]], length + 1
        steps.append(length)
    per_level = np.split(np.array(steps), tabular.spawn_offsets[1:-1])
    expected = sum(own.mean() for own in per_level)
    assert STATES.visits.sum() == pytest.approx(expected)


def test_half_of_the_draws_are_met_by_the_planner():
    drawn = STATES.draw(stream(0, "test"), 4000)
    uniform, met = drawn[:2000], drawn[2000:]
    assert (STATES.visits[met] > 0).all()
    assert (STATES.visits[uniform] == 0).any()
    share = np.bincount(met, minlength=len(STATES.visits)) / 2000
    assert np.abs(share - STATES.visits / STATES.visits.sum()).max() < 0.04


def test_observations_are_the_states():
    numbers = np.arange(STATES.tabular.n_states)
    assert np.array_equal(STATES.observe(numbers), STATES.tabular.observe(numbers.astype(np.int32)))


def test_no_levels_are_refused():
    with pytest.raises(LevelError, match="at least one level"):
        labelled(SMALL, LEVELS.take([]))
