"""Agents whose overfitting is known by construction: that it is as known."""

from pathlib import Path

import control_table
import numpy as np
import pandas as pd
import pytest
from helpers import TABULAR, uniform
from optimum import optimal_returns

from rlgen import draw_split
from rlgen.agents.controls import CONTROLS
from rlgen.agents.controls.aware_planner import AwarePlanner
from rlgen.agents.controls.base import all_observations
from rlgen.agents.controls.brute import Brute
from rlgen.agents.controls.lookup import Table, keys
from rlgen.agents.controls.memorisers import near_the_way
from rlgen.agents.controls.q_learning import QLearning
from rlgen.errors import LevelError, ProtocolError
from rlgen.evaluation import evaluate, planner
from rlgen.evaluation.outcome import Outcome
from rlgen.perturbations.condition import Condition
from rlgen.util.seeding import stream
from rlgen_envs import FAMILIES

BASIC = FAMILIES["maze-basic"]
TUNNEL = FAMILIES["maze-tunnel"].configure({"size": 9})
SPLIT = draw_split(BASIC, 6, 0, 6)
CONDITIONS = [
    "plain",
    *TABULAR,
    "random_spawn+sticky_proposed:0.25",
    "sticky_executed:0.9",
    "delay:2",
    "random_frame_skip:3",
    "greedy+noop_starts+epsilon:0.25",
]
GOLDEN = Path(__file__).parents[1] / "golden" / "control_calibration.csv"


def fitted(name, family=BASIC, split=SPLIT, seed=0):
    policy = CONTROLS[name].fit(family, split.train, seed)
    if hasattr(policy, "learn"):
        policy.learn(split.test)
    return policy


def outcome(policy, text, family=BASIC, levels=SPLIT.train):
    condition = Condition.parse(text)
    return evaluate(policy, family, levels, [condition], episodes=3)[condition.name]


def same(one, two):
    return all(np.array_equal(getattr(one, f), getattr(two, f)) for f in Outcome.FIELDS)


@pytest.mark.slow
@pytest.mark.parametrize("name", CONTROLS)
def test_the_same_seed_makes_the_same_policy(name):
    one, two = fitted(name, seed=7), fitted(name, seed=7)
    for levels in (SPLIT.train, SPLIT.test):
        assert same(outcome(one, "plain", levels=levels), outcome(two, "plain", levels=levels))


@pytest.mark.slow
@pytest.mark.parametrize("name", CONTROLS)
def test_probabilities_are_probabilities_on_any_level(name):
    policy = fitted(name)
    for levels in (SPLIT.train, SPLIT.test):
        seen = all_observations(BASIC.tabular(levels))
        memory = policy.start(len(seen))
        for _ in range(3):
            told, memory = policy.distribution(seen, memory)
            assert told.shape == (len(seen), 5)
            assert told.dtype == np.float64
            assert (told >= 0).all()
            assert told.sum(axis=1) == pytest.approx(1)
            assert policy.stochastic or set(np.unique(told)) == {0.0, 1.0}


@pytest.mark.parametrize("name", CONTROLS)
def test_it_has_a_card_and_refuses_nothing_to_learn_from(name):
    assert CONTROLS.card(name)
    if name != "random":
        with pytest.raises(LevelError, match="at least one level"):
            CONTROLS[name].fit(BASIC, SPLIT.train.take([]), 0)


OTHERWISE = ("random", "brute", "sticky-aware-planner")


@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n in CONTROLS if n not in OTHERWISE])
def test_training_levels_are_played_best(name):
    """By every control but the random one, the Brute, which finds what it finds, and the planner
    that counts on sticky actions."""
    told = outcome(fitted(name), "plain")
    assert told.ret_mean == pytest.approx(2.1)
    assert (told.p_solved > 1 - 1e-9).all()


def test_the_planner_says_what_it_does_not_know():
    policy = CONTROLS["planner"].fit(BASIC, SPLIT.train, 0)
    with pytest.raises(LevelError, match="call its learn"):
        outcome(policy, "plain", levels=SPLIT.test)
    policy.learn(SPLIT.test)
    assert outcome(policy, "plain", levels=SPLIT.test).ret_mean == pytest.approx(2.1)


@pytest.mark.slow
@pytest.mark.parametrize("text", CONDITIONS)
def test_no_free_detection(text):
    """Method 3.4: on its levels the full memoriser is the planner, under anything that stays there.

    On levels of which it knows nothing it is the random agent.
    """
    memoriser, best = fitted("full-memoriser"), fitted("planner")
    assert same(outcome(memoriser, text), outcome(best, text))
    # Walls name the level for good: nothing of a tunnel is ever seen in another.
    split = draw_split(TUNNEL, 5, 0, 5)
    held_out = outcome(fitted("full-memoriser", TUNNEL, split), text, TUNNEL, split.test)
    assert same(held_out, outcome(uniform(TUNNEL), text, TUNNEL, split.test))


@pytest.mark.slow
def test_rooms_are_alike_once_they_are_empty():
    """Where no wall names the level, what is seen after the last object is gone can be known.

    There the proposition's second half holds for the levels that share no observation with the
    training levels, and only for those.
    """
    split = draw_split(BASIC, 30, 0, 60)
    policy = fitted("full-memoriser", split=split)
    tabular = BASIC.tabular(split.test)
    mine = keys(all_observations(BASIC.tabular(split.train)))
    shared = np.isin(keys(all_observations(tabular)), mine)
    any_shared = np.add.reduceat(shared, tabular.offsets[:-1]) > 0
    assert any_shared.any()
    assert not any_shared.all()
    told = outcome(policy, "plain", levels=split.test).ret_mean
    random = outcome(uniform(BASIC), "plain", levels=split.test).ret_mean
    assert np.array_equal(told[~any_shared], random[~any_shared])
    assert not np.array_equal(told[any_shared], random[any_shared])


@pytest.mark.parametrize("text", ["sticky_proposed:0.25", "sticky_executed:0.25", "random_spawn"])
def test_a_larger_radius_hides_better(text):
    names = [*(f"trajectory-memoriser-r{r}" for r in (0, 1, 2, 4)), "full-memoriser"]
    told = [outcome(fitted(name), text).ret_mean.mean() for name in names]
    assert (np.diff(told) > 0).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["open-loop", "brute"])
@pytest.mark.parametrize("text", ["sticky_proposed:0.25", "sticky_executed:0.25", "epsilon:0.25"])
def test_scripts_fall_out_of_step(name, text):
    """The positive control: it loses far more than the planner does."""

    def drop(policy):
        return (outcome(policy, "plain").ret_mean - outcome(policy, text).ret_mean).mean()

    assert drop(fitted(name)) > drop(fitted("planner")) + 0.75


def test_near_the_way_against_a_search_by_hand():
    tabular = BASIC.tabular(BASIC.generate([0, 1]))
    plan = planner.plan(tabular)
    level = 1
    reached = {int(tabular.start[level])}
    state = int(tabular.start[level])
    for action in plan.paths[level][:-1]:
        state = int(tabular.next_state[state, action])
        reached.add(state)
    for radius in range(3):
        near = near_the_way(tabular, plan, radius)
        own = slice(*tabular.offsets[level : level + 2])
        assert set(np.flatnonzero(near[own]) + tabular.offsets[level]) == reached
        reached |= {int(s) for s in tabular.next_state[list(reached)].ravel()}
        reached.discard(tabular.n_states)


@pytest.mark.slow
def test_keys_tell_observations_apart_and_the_first_entry_counts():
    seen = all_observations(BASIC.tabular(BASIC.generate(range(8))))
    unique = len(np.unique(seen.reshape(len(seen), -1), axis=0))
    assert len(np.unique(keys(seen))) == unique
    odd = stream(0, "odd").integers(256, size=(50, 13), dtype=np.uint8)  # no multiple of 8 bytes
    assert len(np.unique(keys(odd))) == 50
    table = Table(2)
    assert np.array_equal(table.or_uniform(odd), np.full((50, 2), 0.5))
    table.store(keys(odd[:2]), np.array([[1.0, 0], [1, 0]]))
    table.store(keys(odd[1:3]), np.array([[0.0, 1], [0, 1]]))
    told = table.or_uniform(odd)
    assert told[:4].tolist() == [[1, 0], [1, 0], [0, 1], [0.5, 0.5]]
    assert len(table) == 3


def test_the_brute_replays_the_best_it_has_found():
    levels = SPLIT.train.take([0, 1])
    scores = []
    for episodes in (20, 200, 2000):
        told = outcome(Brute(episodes).fit(BASIC, levels, 0), "plain", levels=levels)
        assert told.ret_var == pytest.approx(0, abs=1e-12)  # a script, from its start to the key
        scores.append(told.ret_mean)
    # the same search, gone on with
    assert (np.diff(scores, axis=0) >= 0).all()
    assert (scores[2] > scores[0]).any()


def test_q_learning_knows_only_what_it_met():
    policy = QLearning(steps=300).fit(BASIC, SPLIT.train, 0)
    seen = all_observations(BASIC.tabular(SPLIT.train))
    told = policy.distribution(seen, None)[0]
    unmet = (told == 0.2).all(axis=1)
    assert unmet.any()
    assert set(np.unique(told[~unmet])) == {0.0, 1.0}
    assert len(np.unique(keys(seen[~unmet]))) == len(
        QLearning(steps=300).learn(BASIC, SPLIT.train, 0)
    )


def test_the_nearest_neighbour_is_the_nearest():
    policy = fitted("nearest-neighbour")
    tabular = BASIC.tabular(SPLIT.train)
    stored = all_observations(tabular).reshape(tabular.n_states, -1)
    action = planner.plan(tabular).action
    asked = all_observations(BASIC.tabular(SPLIT.test))[::97]
    told = policy.distribution(asked, None)[0].argmax(axis=1)
    for observation, chosen in zip(asked.reshape(len(asked), -1), told, strict=True):
        assert chosen == action[(stored != observation).sum(axis=1).argmin()]
    with pytest.raises(LevelError, match="zeros and ones"):
        policy.distribution(asked * 2, None)


@pytest.mark.slow
def test_calibration_agrees_with_the_provisional_one():
    """Within four standard errors of a difference; what cannot vary within rounding."""
    old = pd.read_csv(GOLDEN)
    old = old[old["variant"] == "basic9"].drop(columns="variant")
    found = control_table.compare(control_table.measure(BASIC, BASIC.generate(range(60))), old)
    assert len(found) == 27  # seven agents, four conditions, but no script under random spawn
    varying = found["z"].notna()
    assert varying.sum() >= 20
    assert found["z"].abs().max() < 4
    # 2.1 for all who play best, but on rare levels whose start cells bombs enclose
    fixed = found[~varying]
    assert set(fixed["condition"]) <= {"plain", "rand_spawn"}
    assert fixed["mean"].to_numpy() == pytest.approx(fixed["provisional"].to_numpy(), abs=2e-3)


@pytest.mark.slow
def test_who_knows_of_sticky_actions_attains_the_optimum():
    """Episodes of the aware planner against the optimum that is computed."""
    episodes, levels = 2000, SPLIT.train.take([0, 1, 2])
    condition = Condition.parse("sticky_proposed:0.25")
    policy = fitted("sticky-aware-planner")
    told = evaluate(policy, BASIC, levels, [condition], episodes=episodes)[condition.name]
    best = optimal_returns(BASIC.tabular(levels), condition, BASIC.noop)
    error = np.sqrt(told.ret_var / episodes)
    assert (np.abs(told.ret_mean - best) <= 4 * error + 1e-3).all()
    unaware = outcome(fitted("planner"), condition.name, levels=levels).ret_mean
    assert (told.ret_mean > unaware + 4 * error).any()
    assert (told.ret_mean > unaware - 4 * error).all()


def test_what_no_policy_can_know_is_refused():
    with pytest.raises(ProtocolError, match="no policy can know the memory of sticky_executed"):
        AwarePlanner("sticky_executed:0.25").fit(BASIC, SPLIT.train, 0)
