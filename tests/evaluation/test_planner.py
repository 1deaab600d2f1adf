"""The planner, against slower ways to the same plans."""

from dataclasses import replace

import numpy as np
import pytest

from rlgen.evaluation import planner
from rlgen_envs import FAMILIES


def test_the_planner_s_path_is_a_shortest_one():
    """Against a breadth-first search over (cell, what is left)."""
    family = FAMILIES["maze-tunnel"].configure({"size": 9})
    levels = family.generate(range(10), 0.5)
    tabular = family.tabular(levels)
    plan = planner.plan(tabular)
    for level in range(10):
        value = {int(tabular.start[level]): 0.0}
        frontier, steps, best = dict(value), 0, (-np.inf, 0)
        while frontier and steps < tabular.horizon:
            steps += 1
            reached: dict[int, float] = {}
            for state, got in frontier.items():
                for action in range(5):
                    following = int(tabular.next_state[state, action])
                    total = got + tabular.reward[state, action]
                    if following == tabular.n_states:
                        best = max(best, (round(total, 9), -steps))
                    elif total > value.get(following, -np.inf) + 1e-12:
                        value[following] = reached[following] = total
            frontier = reached
        assert plan.returns[level] == pytest.approx(best[0])
        assert len(plan.paths[level]) == -best[1]


@pytest.mark.slow
@pytest.mark.parametrize("name", list(FAMILIES))
@pytest.mark.parametrize("horizon", [200, 7])
def test_the_planner_is_value_iteration(name, horizon):
    """Against array operations over a whole batch, on levels in which some states are trapped."""
    family = FAMILIES[name]
    levels = family.edited(family.generate(range(12), 0.5), "wall", 1)
    tabular = replace(family.tabular(levels), horizon=horizon)
    value = np.full(tabular.n_states + 1, tabular.timeout_reward)
    value[-1] = 0.0
    cost = tabular.reward - planner.STEP_COST
    for _ in range(horizon):
        value[:-1] = (cost + value[tabular.next_state]).max(axis=1)
    quality = cost + value[tabular.next_state]
    optimal = quality >= quality.max(axis=1, keepdims=True) - planner.STEP_COST / 4
    plan = planner.plan(tabular)
    assert np.array_equal(plan.optimal, optimal)
    assert np.array_equal(plan.action, optimal.argmax(axis=1))
    for level, state in enumerate(tabular.start):
        path, total = [], 0.0
        while state < tabular.n_states and len(path) < horizon:
            path.append(int(plan.action[state]))
            total += tabular.reward[state, path[-1]]
            state = tabular.next_state[state, path[-1]]
        assert plan.paths[level] == path
        assert plan.returns[level] == total + (state < tabular.n_states) * tabular.timeout_reward
        alone = planner.plan(replace(family.tabular(levels.take([level])), horizon=horizon))
        mine = slice(*tabular.offsets[level : level + 2])
        assert np.array_equal(alone.optimal, plan.optimal[mine])
