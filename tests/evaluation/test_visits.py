"""Expected visits: against what the backward induction knows of the same chain."""

import numpy as np
import pytest
from helpers import TABULAR

from rlgen.evaluation import exact
from rlgen.evaluation.visits import visits
from rlgen.levels.capabilities import Gridded
from rlgen.perturbations.condition import Condition
from rlgen_envs import FAMILIES

SMALL = FAMILIES["maze-blocks"].configure({"size": 7, "blocks": 3})


def leaning(tabular):
    """Action probabilities that differ from state to state."""
    states = np.arange(tabular.n_states)[:, None] * 7 + np.arange(tabular.n_actions)[None] * 3
    weights = 1.0 + states % 11
    return weights / weights.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("name", ["plain", *TABULAR, "random_spawn+sticky_proposed:0.25"])
def test_visits_sum_to_the_length_and_what_is_left_is_cut(name):
    tabular = SMALL.tabular(SMALL.generate([3, 4], 0.5))
    condition, probabilities = Condition.parse(name), leaning(tabular)
    mine = visits(tabular, probabilities, condition, SMALL.noop, [0, 1, tabular.horizon])
    theirs = exact.solve(tabular, probabilities, [condition], SMALL.noop)[condition.name]
    by_level = np.add.reduceat(mine.expected, tabular.offsets[:-1])
    np.testing.assert_allclose(by_level, theirs.len_mean, rtol=1e-10)
    present = np.add.reduceat(mine.present, tabular.offsets[:-1], axis=1)
    np.testing.assert_allclose(present[0], 1.0)
    np.testing.assert_allclose(present[2], theirs.p_timeout, atol=1e-12)


@pytest.mark.parametrize("name", ["plain", "greedy", "temperature:2", "random_spawn"])
def test_the_return_is_the_reward_of_the_visits(name):
    tabular = SMALL.tabular(SMALL.generate([5], 0.5))
    condition, probabilities = Condition.parse(name), leaning(tabular)
    mine = visits(tabular, probabilities, condition, SMALL.noop, [tabular.horizon])
    theirs = exact.solve(tabular, probabilities, [condition], SMALL.noop)[condition.name]
    earned = (mine.expected[:, None] * mine.acted * tabular.reward).sum()
    earned += mine.present[0].sum() * tabular.timeout_reward
    np.testing.assert_allclose(earned, theirs.ret_mean[0], rtol=1e-10)


@pytest.mark.parametrize("options", [{}, {"view": 5}])
def test_states_know_their_cell_and_what_is_left(options):
    """As the observations of the whole maze show them."""
    family = SMALL.configure({"size": 7, "blocks": 3} | options)
    levels = family.generate([1], 0.5)
    tabular, whole = family.tabular(levels), SMALL.tabular(SMALL.generate([1], 0.5))
    copies = tabular.n_states // whole.n_states
    states = np.arange(whole.n_states, dtype=np.int32)
    cells, left = tabular.situate(states * copies + copies - 1).T
    shown = whole.observe(states).reshape(whole.n_states, 7, -1)
    assert isinstance(family, Gridded)
    plan = family.floor_plan(levels)
    width = plan.walls.shape[1]
    assert (shown[np.arange(len(cells)), 6, cells] == 1).all()
    for bit, (_, (column, row), _) in enumerate(plan.objects):
        channel = 1 if bit == 4 else 2 + bit
        seen = shown[:, channel, row * width + column] == 1
        np.testing.assert_array_equal(left >> bit & 1, seen)
    first = tabular.situate(tabular.start)[0]
    assert first[1] == 0b11111
