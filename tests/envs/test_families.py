"""The contract of a family; every member of the catalogue inherits it."""

import inspect
import json
import pickle
from itertools import product
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from helpers import uniform

import rlgen_envs
from rlgen.errors import LevelError
from rlgen.evaluation import exact, planner
from rlgen.levels import capabilities
from rlgen.levels.capabilities import vector_env
from rlgen.util.seeding import stream
from rlgen_envs import FAMILIES

GOLDEN = Path(__file__).parents[1] / "golden" / "fingerprints.json"
IDS = {
    "maze-basic": "rlgen/MazeBasic-v0",
    "maze-blocks": "rlgen/MazeBlocks-v0",
    "maze-tunnel": "rlgen/MazeTunnel-v0",
}

pytestmark = pytest.mark.parametrize("name", list(FAMILIES))


CAPABILITIES = [
    value for value in vars(capabilities).values() if getattr(value, "_is_runtime_protocol", False)
]


def test_a_capability_that_it_has_works(name):
    family = FAMILIES[name]
    levels = family.generate(range(3))
    assert len(CAPABILITIES) == 8
    for capability in CAPABILITIES:
        can = isinstance(family, capability)
        members = [m for m in vars(capability) if not m.startswith("_")]
        members += list(inspect.get_annotations(capability))
        assert can == all(getattr(family, member, None) is not None for member in members)
    if isinstance(family, capabilities.Tabular):
        assert family.tabular(levels).n_levels == 3
    if isinstance(family, capabilities.Drawable):
        assert family.picture(levels).dtype == np.uint8
        env = family.env(levels, render_mode="rgb_array")
        env.reset(options={"level": 0})
        assert env.render().dtype == np.uint8
    if isinstance(family, capabilities.Spawnable):
        env, batch = family.spawning_env(levels), family.spawning_vector_env(levels, 30)
        alone = [env.reset(seed=seed, options={"level": 0})[0] for seed in range(30)]
        together, _ = batch.reset(seed=0, options={"level": np.zeros(30, np.int64)})
        for starts in (np.stack(alone), together):
            assert len(np.unique(starts, axis=0)) > 5
    if isinstance(family, capabilities.Editable):
        for edit in family.edits:
            changed = family.edited(levels, edit, 0)
            assert len(changed) == 3
            assert changed.content_hash() != levels.content_hash()
    if isinstance(family, capabilities.Described):
        for own in family.properties:
            assert len(family.described(levels, own)) == 3
    if isinstance(family, capabilities.Gridded):
        plan = family.floor_plan(levels)
        _, info = family.env(levels).reset(options={"level": 0})
        column, row = info["position"]
        assert not plan.walls[row, column]
        assert len(plan.moves) == family.n_actions
    if isinstance(family, capabilities.Graphed):
        graph = family.graph
        picture, info = family.env(levels).reset(options={"level": 0})
        column, row = info["position"]
        assert np.argwhere(picture[graph.agent]).tolist() == [[row, column]]
        assert picture[graph.walls, row, column] == 0
        assert len(graph.moves) == family.n_actions
    if isinstance(family, capabilities.Flippable):
        rewards, besides = family.flipped_rewards()
        assert sum(r for r in rewards if r > 0) + besides == pytest.approx(
            family.return_bounds()[1]
        )


def test_the_first_levels_are_those_of_earlier_versions(name):
    golden = json.loads(GOLDEN.read_text())[name]
    family = FAMILIES[name]
    assert family.version == golden["version"], "a new version needs new golden fingerprints"
    assert (
        family.generate(range(len(golden["fingerprints"]))).fingerprints()
        == (golden["fingerprints"])
    )
    flipped = family.generate(range(4), 0.5).values.round(6).tolist()
    assert flipped == golden["values_at_half"]


def test_a_level_does_not_depend_on_its_batch(name):
    family = FAMILIES[name]
    batch = family.generate([5, 2_000_000_017, 0], 0.4)
    for position, level_id in enumerate([5, 2_000_000_017, 0]):
        alone = family.generate([level_id], 0.4)
        assert alone.content_hash() == batch.take([position]).content_hash()


def test_batches_can_be_taken_apart_and_joined(name):
    batch = FAMILIES[name].generate(range(6), 0.5)
    first, rest = batch.take(slice(0, 2)), batch.take([2, 3, 4, 5])
    assert first.joined([rest]).content_hash() == batch.content_hash()
    assert len(batch.take([])) == 0


def test_geometry_does_not_depend_on_the_flips(name):
    family = FAMILIES[name]
    plain = family.generate(range(30)).fingerprints()
    for p in (0.1, 0.5, 1.0):
        assert family.generate(range(30), p).fingerprints() == plain


def test_levels_of_a_pool_differ(name):
    prints = FAMILIES[name].generate(range(200)).fingerprints()
    assert len(set(prints)) == 200


def test_gymnasium_accepts_the_environment(name):
    for render_mode in (None, "ansi", "rgb_array"):
        env = gym.make(IDS[name], levels=range(20), render_mode=render_mode)
        check_env(env.unwrapped, skip_render_check=True)
        env.reset(seed=0)
        env.render()
        env.close()


def test_both_ways_to_make_it(name):
    gym.register_envs(rlgen_envs)
    assert gym.make(IDS[name]).spec.id == IDS[name]
    assert gym.make(f"rlgen_envs:{IDS[name]}").spec.id == IDS[name]
    env = gym.make_vec(IDS[name], num_envs=3, levels=[1, 2], flip_p=0.5, random_spawn=True)
    assert env.metadata["autoreset_mode"] == gym.vector.AutoresetMode.SAME_STEP
    observations, info = env.reset(seed=0)
    assert observations.shape == (3, *env.single_observation_space.shape)
    assert set(info["level"]) <= {1, 2}


def test_a_level_can_be_chosen(name):
    env = gym.make(IDS[name], levels=[3])
    for level in (17, 3, 2_000_000_000):
        observation, info = env.reset(options={"level": level})
        assert info["level"] == level
        family = FAMILIES[name]
        tabular = family.tabular(family.generate([level]))
        assert np.array_equal(observation, tabular.observe(tabular.start)[0])


def test_seeds_choose_the_levels(name):
    env = gym.make(IDS[name], levels=range(50))

    def played(seed):
        return [env.reset(seed=seed if i == 0 else None)[1]["level"] for i in range(10)]

    assert played(1) == played(1) != played(2)
    assert len(set(played(1))) > 5


def test_wrong_arguments_are_refused(name):
    with pytest.raises(LevelError, match="render_mode"):
        gym.make(IDS[name], render_mode="video").reset()
    with pytest.raises(LevelError, match="at least one level"):
        gym.make(IDS[name], levels=[])
    with pytest.raises(LevelError, match="flip_p"):
        gym.make(IDS[name], flip_p=1.5).reset()
    with pytest.raises(LevelError, match="not negative"):
        FAMILIES[name].generate([-1])
    with pytest.raises(LevelError, match="below 2"):
        FAMILIES[name].generate([10**20])
    with pytest.raises(LevelError, match="did you mean 'size'"):
        gym.make(IDS[name], siz=9)
    with pytest.raises(LevelError, match="not a free cell"):
        gym.make(IDS[name]).reset(options={"level": 1, "spawn": 0})
    with pytest.raises(LevelError, match="1,000,000"):
        gym.make_vec(IDS[name], num_envs=1, levels=range(10**9))
    with pytest.raises(LevelError, match="not among"):
        gym.make_vec(IDS[name], num_envs=1, levels=[1]).reset(options={"level": 5})
    env = gym.make(IDS[name]).unwrapped
    with pytest.raises(LevelError, match="reset"):
        env.step(0)


def test_it_survives_pickling(name):
    family = pickle.loads(pickle.dumps(FAMILIES[name].generate(range(3))))
    assert family.fingerprints() == FAMILIES[name].generate(range(3)).fingerprints()


@pytest.mark.slow
@pytest.mark.parametrize(("flip_p", "random_spawn"), [(0.0, False), (0.5, True)])
def test_one_environment_and_a_batch_are_the_same_game(name, flip_p, random_spawn):
    """Over 50,000 random steps each, that is 100,000 a family, with different ends and starts."""
    family, n, steps = FAMILIES[name], 50, 1000
    levels = family.generate(range(40), flip_p)
    batch = vector_env(family, levels, n, random_spawn=random_spawn)
    singles = [family.env(levels) for _ in range(n)]
    rng = stream(0, "actions", name)

    def start(i, observation, info):
        """The single environment where the batch's i-th is."""
        options = {"level": int(info["level"][i]), "spawn": int(observation[i, -1].argmax())}
        first, told = singles[i].reset(options=options)
        assert np.array_equal(first, observation[i])
        assert told["level"] == info["level"][i]

    observations, info = batch.reset(seed=3)
    for i in range(n):
        start(i, observations, info)
    ends = {"timeout": 0, "solved": 0, "key": 0}
    for _ in range(steps):
        actions = rng.integers(5, size=n)
        before = observations.copy()
        held, observations_ = observations, None
        observations_, rewards, terminated, truncated, info = batch.step(actions)
        assert np.array_equal(held, before), "an observation changed after it was returned"
        observations = observations_
        assert not truncated.any()
        for i, env in enumerate(singles):
            observation, reward, ended, cut, told = env.step(actions[i])
            assert (reward, ended, cut) == (rewards[i], terminated[i], truncated[i])
            keys = ("level", "timeout", "solved", "proposed", "executed")
            if ended:
                assert np.array_equal(info["final_obs"][i], observation)
                assert [told[k] for k in keys] == [info["final_info"][k][i] for k in keys]
                ends["timeout" if told["timeout"] else "solved" if told["solved"] else "key"] += 1
                start(i, observations, info)
            else:
                assert [told[k] for k in keys] == [info[k][i] for k in keys]
                assert np.array_equal(observation, observations[i])
    assert ends["timeout"] > 0
    assert ends["key"] > 0


def test_the_states_listed_are_the_states_played(name):
    family = FAMILIES[name]
    levels = family.generate(range(4), 0.5)
    tabular = family.tabular(levels)
    env = family.env(levels)
    rng = stream(1, "actions", name)
    for position, level_id in enumerate(levels.ids):
        for episode in range(4):
            observation, _ = env.reset(options={"level": int(level_id)})
            state, ended, steps = tabular.start[position], False, 0
            while not ended:
                assert state < tabular.n_states
                assert np.array_equal(tabular.observe(np.array([state]))[0], observation)
                action = int(rng.integers(5))
                observation, reward, ended, _, info = env.step(action)
                steps += 1
                promised = tabular.reward[state, action]
                if info["timeout"]:
                    assert steps == tabular.horizon
                    promised += tabular.timeout_reward
                assert reward == pytest.approx(promised, abs=1e-12)
                assert info["solved"] == bool(ended and tabular.success[state, action])
                state = tabular.next_state[state, action]
                assert ended == (state == tabular.n_states or info["timeout"])
            assert episode < 4


@pytest.mark.slow
def test_spawn_cells_are_the_same_everywhere(name):
    family = FAMILIES[name]
    levels = family.generate([3])
    tabular = family.tabular(levels)
    listed = {
        int(tabular.observe(tabular.spawns)[i, -1].argmax()) for i in range(len(tabular.spawns))
    }
    env = family.spawning_env(levels)
    seen = set()
    for seed in range(3000):
        observation, _ = env.reset(seed=seed)
        seen.add(int(observation[-1].argmax()))
        assert observation[1:-1].sum() == 5  # nothing is collected by appearing
    batch = family.spawning_vector_env(levels, 3000)
    first, _ = batch.reset(seed=0)
    assert listed == seen == {int(o[-1].argmax()) for o in first}


@pytest.mark.slow
def test_planner_gets_2_1_under_every_sign_pattern(name):
    """1,000 levels x 15 sign patterns; strict solvability makes all of them pay 2.1."""
    from dataclasses import replace

    from rlgen_envs.maze import rewards

    family = FAMILIES[name]
    levels = family.generate(range(1000))
    signs = [s for s in product([False, True], repeat=4) if s != (True, True, False, False)]
    assert len(signs) == 15
    longest = 0
    for start in range(0, 1000, 25):
        geometry = levels.take(slice(start, start + 25))
        for flipped in signs:
            values, usable = rewards.values(np.array([[*flipped, False]] * len(geometry)))
            assert usable.all()
            tabular = family.tabular(replace(geometry, values=values))
            plan = planner.plan(tabular)
            assert np.abs(plan.returns - 2.1).max() < 1e-9
            longest = max(longest, *map(len, plan.paths))
    assert longest <= 150


@pytest.mark.slow
def test_random_agent_is_negative_and_as_bad_as_the_method_says(name, worked_examples):
    keys = {
        "maze-basic": "basic9_border_inside",
        "maze-blocks": "blocks13",
        "maze-tunnel": "tunnel13_braid0.15",
    }
    told = worked_examples["random_agent_exact"][keys[name]]
    family = FAMILIES[name]
    levels = family.generate(range(200))
    from rlgen.perturbations.condition import Condition

    returns = exact.evaluate(uniform(family), family, levels, [Condition.parse("plain")])
    mean, sd = returns["plain"].ret_mean.mean(), returns["plain"].ret_mean.std()
    assert mean < 0
    # Two generators, 200 levels each: their means differ by sampling.
    assert abs(mean - told["mean"]) < 4 * told["sd"] * np.sqrt(2 / 200)
    assert abs(sd - told["sd"]) < 0.1


def test_pictures(name):
    family = FAMILIES[name]
    level = family.generate([7])
    path = planner.plan(family.tabular(level)).paths[0]
    text = family.text(level)
    assert text.count("@") == 2  # the agent, and its line in the legend
    assert "red diamond +1" in text
    plain, solved = family.picture(level), family.picture(level, path)
    height, width = level.side
    assert plain.shape == solved.shape == (32 * height, 32 * width, 3)
    assert plain.dtype == np.uint8
    assert (plain != solved).any()
    assert len(np.unique(plain.reshape(-1, 3), axis=0)) > 20
