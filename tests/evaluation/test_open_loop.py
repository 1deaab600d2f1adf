"""Scripts of actions: what they do, and that their returns are computed rightly."""

import numpy as np
import pytest
from agreement import CONDITIONS, EPISODES, assert_agree

from rlgen.evaluation import can_be_exact, evaluate, open_loop, planner, rollout
from rlgen.evaluation.table import table
from rlgen.perturbations.condition import Condition
from rlgen.policies.open_loop import OpenLoopPolicy
from rlgen_envs import FAMILIES

BASIC = FAMILIES["maze-basic"]
STARTING = [text for text in CONDITIONS if "random_spawn" not in text]


def scripted(family, levels, after=4, seed=0):
    tabular = family.tabular(levels)
    first = tabular.observe(tabular.start)
    return OpenLoopPolicy(first, planner.plan(tabular).paths, 5, after=after, seed=seed)


@pytest.mark.slow
@pytest.mark.parametrize("after", [4, None], ids=["stays", "random"])
@pytest.mark.parametrize("text", STARTING)
def test_computed_against_played(text, after):
    levels = BASIC.generate([5])
    policy, condition = scripted(BASIC, levels, after), Condition.parse(text)
    computed = open_loop.evaluate(policy, BASIC, levels, [condition])[condition.name]
    played = rollout.evaluate(policy, BASIC, levels, [condition], episodes=EPISODES, seed=3)
    assert_agree(computed, played[condition.name])


def test_plain_it_plays_the_planner_s_way():
    levels = BASIC.generate(range(20), 0.5)
    plan = planner.plan(BASIC.tabular(levels))
    told = evaluate(scripted(BASIC, levels), BASIC, levels, [Condition(())])["plain"]
    assert told.ret_mean == pytest.approx(plan.returns)
    assert told.len_mean == pytest.approx([len(path) for path in plan.paths])
    assert told.ret_var == pytest.approx(0, abs=1e-12)
    assert (told.p_solved == 1).all()


@pytest.mark.slow
def test_batches_do_not_matter():
    levels = BASIC.generate(range(40))
    policy, condition = scripted(BASIC, levels), Condition.parse("sticky_executed+epsilon")
    whole = evaluate(policy, BASIC, levels, [condition])[condition.name]
    alone = evaluate(policy, BASIC, levels.take([33]), [condition])[condition.name]
    assert alone.ret_mean[0] == pytest.approx(whole.ret_mean[33], abs=1e-12)


def test_an_unknown_level_gets_one_of_the_scripts_and_always_the_same():
    levels, others = BASIC.generate(range(8)), BASIC.generate(range(100, 160))
    tabular = BASIC.tabular(others)
    first = tabular.observe(tabular.start)
    chosen = scripted(BASIC, levels, seed=1).choose(first)
    assert set(chosen) == set(range(8))
    assert np.array_equal(chosen, scripted(BASIC, levels, seed=1).choose(first))
    assert not np.array_equal(chosen, scripted(BASIC, levels, seed=2).choose(first))
    known = BASIC.tabular(levels)
    mine = scripted(BASIC, levels, seed=1).choose(known.observe(known.start))
    assert np.array_equal(mine, np.arange(8))


def test_it_stays_after_its_end():
    levels = BASIC.generate([0])
    first = BASIC.tabular(levels).observe(BASIC.tabular(levels).start)
    policy = OpenLoopPolicy(first, [[0, 1]], 5, after=4, seed=0)
    memory, acted = policy.start(1), []
    for _ in range(4):
        probabilities, memory = policy.distribution(first, memory)
        acted.append(int(probabilities.argmax()))
    assert acted == [0, 1, 4, 4]


def test_random_spawn_is_played_and_the_table_says_so():
    levels = BASIC.generate(range(3))
    policy = scripted(BASIC, levels)
    conditions = [Condition.parse(t) for t in ("random_spawn", "plain", "sticky_proposed")]
    told = table(policy, BASIC, levels, conditions, episodes=5)
    assert list(told["condition"].unique()) == [c.name for c in conditions]
    spawned = told["condition"] == "random_spawn"
    assert (told["exact"] == ~spawned).all()
    assert (told["n_episodes"] == np.where(spawned, 5, 0)).all()
    assert [can_be_exact(policy, BASIC, c) for c in conditions] == [False, True, True]
