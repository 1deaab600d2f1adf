"""The contract of a detector; every member of the catalogue inherits it."""

import numpy as np
import pytest
from helpers import TablePolicy, uniform

from rlgen import draw_split
from rlgen.diagnostics.detectors import DETECTORS
from rlgen.diagnostics.detectors.base import Material
from rlgen.diagnostics.detectors.bench import Bench, _path_states, noisy, score
from rlgen.diagnostics.detectors.held_out import HeldOut
from rlgen.errors import LevelError
from rlgen.evaluation import planner
from rlgen.policies.functions import FunctionPolicy
from rlgen_envs import FAMILIES

FAMILY = FAMILIES["maze-basic"].configure({"size": 6})
SPLIT = draw_split(FAMILY, 3, 0, 200)
MATERIAL = Material(FAMILY, SPLIT.train, SPLIT.test, seed=4)


@pytest.fixture(scope="module")
def bench():
    return Bench(MATERIAL, dict(DETECTORS))


class Memoriser(TablePolicy):
    """The planner in all states of some levels, the random agent elsewhere."""

    def distribution(self, observations, state):
        anything = np.full(5, 0.2)
        return np.stack([self._table.get(o.tobytes(), anything) for o in observations]), state


def test_all_of_the_method_s_detectors_are_there():
    assert {detector.number for detector in DETECTORS.values()} == {
        f"K-{n:02}" for n in range(1, 16)
    }
    for name in DETECTORS:
        assert DETECTORS.card(name) == DETECTORS[name].card
        assert FAMILY.name not in DETECTORS[name].card


@pytest.mark.parametrize("name", list(DETECTORS))
def test_situations_are_the_same_for_the_same_seed(name):
    one, two = (DETECTORS[name].situations(MATERIAL) for _ in range(2))
    assert len(one) == len(two) > 0
    for a, b in zip(one, two, strict=True):
        assert a.levels.content_hash() == b.levels.content_hash()
        assert (a.condition, a.on_path, a.noise) == (b.condition, b.on_path, b.noise)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(DETECTORS))
def test_detectors_say_whether_they_leave_the_training_levels(name, bench):
    """One that stays cannot tell a full memoriser from the planner (method 3.4); exactly."""
    full = bench.read(Memoriser(FAMILY, SPLIT.train))[name]
    if not DETECTORS[name].leaves:
        assert full.returns == pytest.approx(full.planner, abs=1e-12)
    else:
        assert full.returns < full.planner - 0.2


@pytest.mark.slow
def test_a_memoriser_does_on_held_out_levels_what_the_random_agent_does(bench):
    full, random = bench.read(Memoriser(FAMILY, SPLIT.train)), bench.read(uniform(FAMILY))
    for name in ("held-out-10", "held-out-50", "held-out-200"):
        # Not exactly: with everything collected, levels with the key on one cell look alike.
        assert full[name].returns == pytest.approx(random[name].returns, abs=0.05)
    assert abs(score(Memoriser(FAMILY, SPLIT.train), FAMILY, SPLIT.test)[1]) < 0.02
    returns, normalised = score(Memoriser(FAMILY, SPLIT.train), FAMILY, SPLIT.train)
    assert (returns, normalised) == (pytest.approx(2.1), pytest.approx(1))
    assert bench.best == pytest.approx(2.1)


def test_readings_are_the_evaluation_s(bench):
    import rlgen

    told = bench.read(uniform(FAMILY))
    for name, condition in (
        ("sticky-proposed-50", "sticky_proposed:0.5"),
        ("random-spawn-sticky", "random_spawn+sticky_proposed:0.25"),
        ("delay-2", "delay:2"),
    ):
        table = rlgen.evaluate_policy(uniform(FAMILY), FAMILY, SPLIT.train, condition)
        assert told[name].returns == pytest.approx(table["ret_mean"].mean(), abs=1e-12)
        assert told[name].planner == pytest.approx(table["oracle_ret"].mean(), abs=1e-12)
    table = rlgen.evaluate_policy(uniform(FAMILY), FAMILY, SPLIT.test.take(slice(0, 50)))
    assert told["held-out-50"].returns == pytest.approx(table["ret_mean"].mean(), abs=1e-12)


def test_steps_are_those_of_the_planner_s_episodes(bench):
    import rlgen

    policy = TablePolicy(FAMILY, SPLIT.train)
    for name, condition in (("noop-starts", "noop_starts:30"), ("delay-1", "delay:1")):
        table = rlgen.evaluate_policy(policy, FAMILY, SPLIT.train, condition)
        assert bench.steps[name] == pytest.approx(table["len_mean"].sum())
    ways = [len(path) for path in planner.plan(FAMILY.tabular(SPLIT.train)).paths]
    assert bench.steps["path-starts"] == pytest.approx(sum((n + 1) / 2 for n in ways))
    assert bench.steps["symmetry"] == pytest.approx(7 * sum(ways))


def test_an_obstacle_off_every_best_way_leaves_the_ways_open():
    (situation,) = DETECTORS["wall"].situations(MATERIAL)
    before, after = (
        planner.plan(FAMILY.tabular(levels)) for levels in (SPLIT.train, situation.levels)
    )
    assert after.returns == pytest.approx(before.returns)
    assert [len(p) for p in after.paths] == [len(p) for p in before.paths]
    assert (situation.levels.walls.sum(axis=(1, 2)) > SPLIT.train.walls.sum(axis=(1, 2))).all()
    # the way that the planner took before can still be walked, step by step
    for n, path in enumerate(before.paths):
        tabular = FAMILY.tabular(situation.levels.take([n]))
        state, total = int(tabular.start[0]), 0.0
        for action in path:
            total += tabular.reward[state, action]
            state = int(tabular.next_state[state, action])
        assert state == tabular.n_states
        assert total == pytest.approx(2.1)


def test_edited_levels_are_others_and_as_good():
    for name in ("wall", "symmetry", "object-move", "object-swap"):
        for situation in DETECTORS[name].situations(MATERIAL):
            mine = set(situation.levels.fingerprints())
            assert not mine & set(SPLIT.train.fingerprints())
            best = planner.plan(FAMILY.tabular(situation.levels)).returns
            assert best == pytest.approx(2.1)


def test_starts_on_the_way_are_on_the_way():
    tabular = FAMILY.tabular(SPLIT.train)
    starts = _path_states(tabular)
    by_level = np.add.reduceat(starts, tabular.offsets[:-1])
    assert by_level == pytest.approx(np.ones(3))
    plan = planner.plan(tabular)
    for level, path in enumerate(plan.paths):
        own = starts[tabular.offsets[level] : tabular.offsets[level + 1]]
        assert (own > 0).sum() == len(path)


def test_noise_is_the_same_for_everyone_and_none_is_none(bench):
    one, two = bench.read(uniform(FAMILY)), bench.read(uniform(FAMILY))
    assert one == two
    seen = []

    def look(observations):
        seen.append(observations)
        return np.full((len(observations), 5), 0.2)

    observations = FAMILY.tabular(SPLIT.train).observe(np.arange(40, dtype=np.int32))
    for probability in (0.0, 0.3, 1.0):
        policy = noisy(FunctionPolicy(look, 5), probability, FAMILY.observation_space, 0)
        policy.distribution(observations, policy.start(40))
        share = (seen[-1] != observations).mean()
        assert abs(share - probability) < 4 * np.sqrt(0.25 / observations.size)
        assert set(np.unique(seen[-1])) <= {0, 1}


def test_what_cannot_be_checked_is_said():
    class Plain(type(FAMILY)):
        edited = spawning_env = None

    plain = Plain("plain", FAMILY.settings)
    material = Material(plain, SPLIT.train, SPLIT.test)
    with pytest.raises(LevelError, match="detector 'symmetry': plain has no edit 'symmetry'"):
        Bench(material, {"symmetry": DETECTORS["symmetry"]})
    with pytest.raises(LevelError, match="detector 'random-spawn': plain cannot draw start cells"):
        Bench(material, {"random-spawn": DETECTORS["random-spawn"]})
    with pytest.raises(LevelError, match="needs 300 held-out levels, and there are 200"):
        Bench(MATERIAL, {"more": HeldOut(300)})

    class Opaque(type(FAMILY)):
        tabular = None

    opaque = Opaque("opaque", FAMILY.settings)
    with pytest.raises(LevelError, match="need levels whose states can be listed; opaque has none"):
        Bench(Material(opaque, SPLIT.train, SPLIT.test), {})
