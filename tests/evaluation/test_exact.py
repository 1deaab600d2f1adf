"""Exact evaluation: against episodes, and against what must hold exactly."""

import numpy as np
import pytest
from agreement import CONDITIONS, EPISODES, assert_agree
from helpers import TABULAR, TablePolicy, uniform

from rlgen import draw_split
from rlgen.evaluation import evaluate, exact, rollout
from rlgen.evaluation.outcome import Outcome
from rlgen.evaluation.table import table
from rlgen.perturbations import PERTURBATIONS
from rlgen.perturbations.condition import Condition
from rlgen.policies.base import Policy
from rlgen.policies.functions import FunctionPolicy
from rlgen_envs import FAMILIES

BASIC = FAMILIES["maze-basic"]


def both(text, policy, family, levels):
    condition = Condition.parse(text)
    computed = exact.evaluate(policy, family, levels, [condition])[condition.name]
    played = rollout.evaluate(policy, family, levels, [condition], episodes=EPISODES, seed=5)
    return computed, played[condition.name]


@pytest.mark.slow
@pytest.mark.parametrize("text", CONDITIONS)
def test_random_agent(text):
    family = FAMILIES["maze-tunnel"].configure({"size": 9})
    assert_agree(*both(text, uniform(family), family, family.generate([4], 0.5)))


@pytest.mark.slow
@pytest.mark.parametrize("text", CONDITIONS)
def test_planner(text):
    family = FAMILIES["maze-blocks"].configure({"size": 9, "blocks": 6})
    levels = family.generate([2])
    assert_agree(*both(text, TablePolicy(family, levels), family, levels))


@pytest.mark.slow
@pytest.mark.parametrize("text", ["plain", *TABULAR, "random_spawn+sticky_proposed:0.25"])
def test_trained_policy(text, trained):
    levels = draw_split(BASIC, 10, 0, 5).train  # those it was trained on
    easiest = np.argmin(outcomes(trained, levels, "plain")[0].len_mean)
    assert_agree(*both(text, Remembering(trained), BASIC, levels.take([easiest])))


class Remembering(Policy):
    """A network that is run once for each observation: 20,000 episodes meet the same few."""

    def __init__(self, network):
        self._network, self._known = network, {}

    def distribution(self, observations, state):
        keys = [observation.tobytes() for observation in observations]
        new = {key: i for i, key in enumerate(keys) if key not in self._known}
        if new:
            rows = self._network.distribution(observations[list(new.values())], None)[0]
            self._known.update(zip(new, rows, strict=True))
        return np.stack([self._known[key] for key in keys]), state


@pytest.mark.parametrize("name", TABULAR)
def test_at_its_identity_strength_a_perturbation_changes_nothing(name, trained):
    levels = BASIC.generate(range(3), 0.3)
    neutral = Condition.parse(f"{name}:{PERTURBATIONS[name].strength.identity}")
    plain = Condition.parse("plain")
    told = exact.evaluate(trained, BASIC, levels, [plain, neutral])
    for field in Outcome.FIELDS:
        assert getattr(told["plain"], field) == pytest.approx(
            getattr(told[neutral.name], field), abs=1e-12
        )


def outcomes(policy, levels, *texts, family=BASIC):
    conditions = [Condition.parse(text) for text in texts]
    told = exact.evaluate(policy, family, levels, conditions)
    return [told[condition.name] for condition in conditions]


def test_executed_stickiness_one_is_stay_for_ever(trained):
    for policy in (trained, uniform(BASIC)):
        (told,) = outcomes(policy, BASIC.generate(range(4)), "sticky_executed:1")
        assert told.ret_mean == pytest.approx(-1)
        assert told.p_timeout == pytest.approx(1)
        assert told.len_mean == pytest.approx(200)
        assert told.ret_var == pytest.approx(0, abs=1e-12)


def test_proposed_stickiness_one_is_a_delay_of_one(trained):
    sticky, late = outcomes(trained, BASIC.generate(range(4)), "sticky_proposed:1", "delay:1")
    for field in Outcome.FIELDS:
        assert getattr(sticky, field) == pytest.approx(getattr(late, field), abs=1e-10)


def test_noop_starts_leave_a_still_world_as_it_is(trained):
    """They only take time: nothing changes for a policy that is never short of it."""
    levels = BASIC.generate(range(6))
    planner_ = TablePolicy(BASIC, levels)
    plain, later = outcomes(planner_, levels, "plain", "noop_starts:30")
    assert later.ret_mean == pytest.approx(plain.ret_mean, abs=1e-12)
    assert later.len_mean == pytest.approx(plain.len_mean + 15.5, abs=1e-9)


def test_greedy_is_sampling_from_one_action(trained):
    levels = BASIC.generate(range(4))

    def greedy(observations):
        probabilities = trained.distribution(observations, None)[0]
        return np.eye(5)[probabilities.argmax(axis=1)]

    (asked,) = outcomes(trained, levels, "greedy")
    (itself,) = outcomes(FunctionPolicy(greedy, 5), levels, "plain")
    assert np.array_equal(asked.ret_mean, itself.ret_mean)
    assert asked.ret_var == pytest.approx(0, abs=1e-12)


def test_high_temperature_is_the_random_agent(trained):
    levels = BASIC.generate(range(4))
    (hot,) = outcomes(trained, levels, "temperature:100")
    (random,) = outcomes(uniform(BASIC), levels, "plain")
    (told,) = outcomes(trained, levels, "plain")
    assert np.abs(hot.ret_mean - random.ret_mean).max() < 0.15
    assert np.abs(told.ret_mean - random.ret_mean).max() > 0.3


def test_random_spawn_averages_over_starts():
    levels = BASIC.generate([3])
    policy = uniform(BASIC)
    (spawned,) = outcomes(policy, levels, "random_spawn")
    singles = []
    for cell in levels.spawns[0]:
        from dataclasses import replace

        moved = replace(levels, start=np.array([cell]))
        singles.append(outcomes(policy, moved, "plain")[0])
    for field in ("ret_mean", "p_solved", "p_timeout", "len_mean"):
        mean = np.mean([getattr(one, field) for one in singles])
        assert getattr(spawned, field)[0] == pytest.approx(mean, abs=1e-12)
    second = np.mean([one.ret_var + one.ret_mean**2 for one in singles])
    assert spawned.ret_var[0] == pytest.approx(second - spawned.ret_mean[0] ** 2, abs=1e-12)


def test_a_level_s_outcome_does_not_depend_on_its_batch(trained):
    levels = BASIC.generate(range(40))  # several chunks
    whole = outcomes(trained, levels, "plain", "random_spawn+sticky_executed:0.25")
    for position in (0, 17, 39):
        alone = outcomes(
            trained,
            levels.take([position]),
            "plain",
            "random_spawn+sticky_executed:0.25",
        )
        for one, many in zip(alone, whole, strict=True):
            # float32 convolutions of other batch shapes differ in the last bits
            assert one.ret_mean[0] == pytest.approx(many.ret_mean[position], abs=1e-5)


@pytest.mark.slow
def test_one_pass_of_the_network_serves_all_conditions(trained):
    asked = []

    class Counting(Policy):
        def distribution(self, observations, state):
            asked.append(len(observations))
            return trained.distribution(observations, state)

    levels = BASIC.generate(range(3))
    states = BASIC.tabular(levels).n_states
    exact.evaluate(Counting(), BASIC, levels, [Condition.parse(text) for text in CONDITIONS])
    assert sum(asked) == states


@pytest.mark.slow
def test_two_calls_give_the_same_bits(trained):
    levels = BASIC.generate(range(3))
    conditions = [Condition.parse("sticky_proposed"), Condition.parse("random_spawn")]
    for _ in range(2):
        for evaluator in (
            lambda: exact.evaluate(trained, BASIC, levels, conditions),
            lambda: rollout.evaluate(trained, BASIC, levels, conditions, episodes=9, seed=1),
        ):
            one, two = evaluator(), evaluator()
            for name in one:
                for field in Outcome.FIELDS:
                    assert np.array_equal(getattr(one[name], field), getattr(two[name], field))
    other = rollout.evaluate(trained, BASIC, levels, conditions, episodes=9, seed=2)
    assert not np.array_equal(other["random_spawn"].ret_mean, two["random_spawn"].ret_mean)


class Alternating(Policy):
    """Left and right in turn: depends on its memory, so it can only be played."""

    def start(self, n):
        return np.zeros(n, int)

    def distribution(self, observations, state):
        assert len(observations) == len(state)
        return np.eye(5)[2 + state], 1 - state


def test_a_policy_with_memory_is_played(trained):
    levels = BASIC.generate(range(3))
    told = table(Alternating(), BASIC, levels, [Condition.parse("plain")], episodes=4)
    assert not told["exact"].any()
    assert (told["n_episodes"] == 4).all()
    assert (told["ret_var"] == 0).all()  # nothing is random
    assert (told["p_timeout"] == 1).any()
    assert np.isfinite(told["oracle_ret"]).all()
    exactly = table(trained, BASIC, levels, [Condition.parse("plain")])
    assert exactly["exact"].all()


class Opaque(type(BASIC)):
    """Mazes that do not tell their states."""

    tabular = None


def test_levels_that_are_not_tabular_are_played():
    family = Opaque("opaque", BASIC.settings)
    levels = family.generate(range(2))
    conditions = [Condition.parse("plain"), Condition.parse("random_spawn+delay:1")]
    told = table(uniform(family), family, levels, conditions, episodes=400)
    assert not told["exact"].any()
    assert (told["oracle_ret"] == 2.1).all(), "the best possible return stands for the planner"
    computed = evaluate(uniform(BASIC), BASIC, levels, conditions)
    for name, outcome in computed.items():
        mine = told[told["condition"] == name]
        error = 4 * np.sqrt(outcome.ret_var / 400)
        assert (np.abs(mine["ret_mean"] - outcome.ret_mean) <= error).all()
        assert mine["random_ret"].nunique() == 1, "one scale for all levels"
        assert abs(mine["random_ret"].iloc[0] - outcome.ret_mean.mean()) <= error.mean()
