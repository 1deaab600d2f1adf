"""Environments that other packages register with Gymnasium, as families."""

import json

import gymnasium as gym
import numpy as np
import pytest
import walk as registers_walk
from gymnasium import spaces
from gymnasium.utils.env_checker import check_env
from helpers import uniform

from rlgen import api
from rlgen.agents.controls.brute import Brute
from rlgen.errors import LevelError, ProtocolError, RlgenError, UnknownNameError
from rlgen.evaluation import rollout
from rlgen.levels import lookup
from rlgen.levels.capabilities import Drawable
from rlgen.levels.split import chosen_split
from rlgen.perturbations.condition import Condition
from rlgen.util.seeding import stream
from rlgen_envs.registered.observing import reader

pytestmark = pytest.mark.usefixtures("undrawn")

TRIED = (0, 1, 12_345)


@pytest.fixture
def walk():
    return lookup.family("rlgen-test/Walk-v0")


def test_ours_come_first_and_unknown_names_are_answered():
    assert lookup.family("maze-basic") is lookup.families()["maze-basic"]
    with pytest.raises(UnknownNameError, match="did you mean 'CartPole-v1'"):
        lookup.family("CartPol-v1")
    with pytest.raises(UnknownNameError, match=r"known: maze-basic.*registered with Gymnasium"):
        lookup.family("zzzzzzzz")
    with pytest.raises(UnknownNameError, match="importing json does not register 'zzzzzzzz'"):
        lookup.family("json:zzzzzzzz")
    with pytest.raises(UnknownNameError, match="no_such_module cannot be imported"):
        lookup.family("no_such_module:CartPole-v1")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"sise": 3}, "unexpected keyword argument 'sise'"),
        ({"wrappers": "gymnasium.wrappers"}, "wrappers = 'gymnasium.wrappers'"),
        ({"wrappers": "no_such:Thing"}, "no_such"),
        ({"entry": "pictures"}, "did you mean 'picture'"),
        ({"noop": 3}, "there are 3 actions"),
        ({"best": 1.0}, "give both"),
        ({"worst": 1.0, "best": 0.0}, "the lower as worst"),
        ({"time_limit": -1}, "time_limit"),
        ({"scale": 0.0}, "scale"),
    ],
)
def test_wrong_options_are_one_line(walk, options, told):
    with pytest.raises(LevelError, match=told) as error:
        walk.configure(options).check(TRIED)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("start", "two resets with seed 0, the first observation differed"),
        ("step", "step 1 under the same actions differed"),
        ("nan", "reward nan in step 1"),
        ("raises", "level 0: step 3 raised RuntimeError: the walk broke"),
    ],
)
def test_environments_that_cannot_be_measured_are_refused(walk, fault, told):
    with pytest.raises(LevelError, match=told):
        walk.configure({"fault": fault}).check(TRIED)


@pytest.mark.filterwarnings("ignore:.*A Box observation space")  # parts put together have no ends
def test_gymnasium_accepts_the_environment(walk):
    for name in ("rlgen-test/Walk-v0", "CartPole-v1", "FrozenLake-v1"):
        family = lookup.family(name)
        family.check(TRIED)
        env = family.env(family.generate(range(5)))
        check_env(env, skip_render_check=True)


def test_a_level_is_what_its_seed_makes(walk):
    levels = walk.generate([3, 9, 4])
    env, batch = walk.env(levels), walk.vector_env(levels, 3)
    together, info = batch.reset(seed=0, options={"level": levels.ids})
    assert info["level"].tolist() == [3, 9, 4]
    for level, seen in zip(levels.ids, together, strict=True):
        raw = gym.make("rlgen-test/Walk-v0")
        place = raw.reset(seed=int(level))[0]["side"]
        alone, told = env.reset(options={"level": int(level)})
        assert told["level"] == level
        assert np.array_equal(alone, seen)
        assert np.flatnonzero(alone[-4:]) == [place]


def test_batches_play_as_single_environments_do(walk):
    levels = walk.generate(range(20))
    batch, env = walk.vector_env(levels, 4), walk.env(levels)
    observations, info = batch.reset(seed=1)
    rng = stream(0, "actions")
    mirrors = [walk.env(levels) for _ in range(4)]
    for mirror, level in zip(mirrors, info["level"], strict=True):
        mirror.reset(options={"level": int(level)})
    ended = 0
    for _ in range(60):
        actions = rng.integers(3, size=4)
        observations, rewards, terminated, truncated, info = batch.step(actions)
        for i, mirror in enumerate(mirrors):
            seen, reward, done, cut, told = mirror.step(actions[i])
            assert (reward, done, cut) == (rewards[i], terminated[i], truncated[i])
            if done or cut:
                ended += 1
                assert np.array_equal(info["final_obs"][i], seen)
                assert info["final_info"]["solved"][i] == told["solved"]
                seen, _ = mirror.reset(options={"level": batch.envs[i].level})
            assert np.array_equal(observations[i], seen)
    assert ended > 4
    assert len({*batch._drawn(200).tolist()}) == 20
    env.close()


def test_same_seed_same_levels(walk):
    levels = walk.generate(range(50))

    def drawn(seed):
        return walk.vector_env(levels, 8).reset(seed=seed)[1]["level"].tolist()

    assert drawn(1) == drawn(1) != drawn(2)


def test_what_observations_become(walk):
    assert walk.observation_space.shape == (3 * 8 * 3 + 4,), "picture and side, not the words"
    picture = walk.configure({"entry": "picture", "scale": 51.0})
    assert picture.observation_space.shape == (3, 3, 8)
    assert picture.observation_space.high.max() == 5
    seen, _ = picture.env(picture.generate([0])).reset()
    assert sorted(np.unique(seen)) == [0, 5]
    for dtype, shape, shown in (
        (np.bool_, (10, 10, 4), (4, 10, 10)),
        (np.float32, (4, 10, 10), (4, 10, 10)),
        (np.uint8, (8, 9, 6), (6, 8, 9)),
        (np.uint8, (6, 8, 9), (6, 8, 9)),
        (np.float32, (5, 5, 5), (5, 5, 5)),
    ):
        box = spaces.Box(0, 1, shape, dtype)
        space, read = reader(box, "", 255.0, "x")
        assert space.shape == shown
        seen = np.zeros(shape, dtype)
        seen[2, 1, 3] = 1
        assert space.contains(read(seen))
        place = tuple(int(i[0]) for i in read(seen).nonzero())
        assert place == ((3, 2, 1) if shown != shape else (2, 1, 3))
    grid, read = reader(spaces.Box(-1, 1, (4, 5)), "", 255.0, "x")
    assert grid.shape == (1, 4, 5)
    assert read(np.ones((4, 5))).shape == grid.shape
    pair = spaces.Tuple([spaces.MultiDiscrete([2, 3]), spaces.MultiBinary(2)])
    space, read = reader(pair, "", 255.0, "x")
    assert read((np.array([1, 2]), np.array([0, 1]))).tolist() == [0, 1, 0, 0, 1, 0, 1]
    assert space.shape == (7,)
    for nothing in (spaces.Text(3), spaces.Dict({"a": spaces.Text(3)})):
        with pytest.raises(LevelError, match="numeric"):
            reader(nothing, "", 255.0, "x")


def test_actions_count_from_zero_and_idle_ones_are_known(walk):
    assert (walk.action_space.n, walk.noop) == (3, 2)
    assert lookup.family("CartPole-v1").noop is None
    assert lookup.family("CartPole-v1").configure({"noop": 1}).noop == 1


def test_rewards_cannot_be_flipped_and_starts_not_drawn(walk):
    with pytest.raises(LevelError, match="flip_p"):
        walk.generate([1], 0.5)
    assert "cannot draw start cells" in Condition.parse("random_spawn").why_not(walk)
    assert "does nothing" in Condition.parse("delay:1").why_not(lookup.family("CartPole-v1"))


def test_what_nobody_tells_is_unknown_and_not_zero(walk):
    plain = [Condition.parse("plain")]

    def solved(family):
        levels = family.generate(range(3))
        told = rollout.evaluate(uniform(family), family, levels, plain, episodes=5)["plain"]
        return told.p_solved

    assert np.isfinite(solved(walk)).all()
    assert np.isnan(solved(walk.configure({"fault": "untold"}))).all()


@pytest.mark.parametrize("kind", ["sticky_proposed", "sticky_executed"])
def test_nothing_sticks_before_the_first_action(kind):
    channel = Condition.parse(f"{kind}:1").channel(2, None)
    memory = channel.start.nonzero()[0]
    for proposed in (0, 1):
        noise = np.ones(1, np.int64)
        executed, then = channel.apply(memory, np.array([proposed]), noise)
        assert executed == [proposed] == then
        again, _ = channel.apply(then, np.array([1 - proposed]), noise)
        assert again == [proposed], "afterwards it does"


def test_pools_that_are_named(walk):
    named = {"train": range(10), "validation": [50], "test": [20, 21]}
    small, large = (chosen_split(walk, named, n) for n in (4, 10))
    assert small.train.ids.tolist() == [0, 1, 2, 3]
    assert large.test.content_hash() == small.test.content_hash()
    with pytest.raises(LevelError, match="level 3 is in the train and in the test pool"):
        chosen_split(walk, {"train": range(10), "test": [3, 4]}, 4)
    with pytest.raises(LevelError, match="only 10 are named"):
        chosen_split(walk, named, 11)


CARTPOLE = {
    "name": "cartpole",
    "family": "CartPole-v1",
    "family_options": {"time_limit": 100, "worst": 0.0, "best": 100.0},
    "train_levels": "0:6",
    "test_levels": "1000:1008",
    "n_train_levels": [2, 6],
    "agent_options": {"n_envs": 8, "batch_size": 64},
    "network": "mlp-64-64",
    "seeds": [0],
    "steps": 600,
    "conditions": ["plain", "greedy", "sticky_executed:0.25", "frame_skip:2", "epsilon:0.1"],
    "curve_points": 1,
    "curve_levels": 2,
    "episodes": 2,
}


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"test_levels": "5:9"}, "level 5 is in the train and in the test pool"),
        ({"test_levels": ""}, "not test_levels"),
        ({"train_levels": "0:5,3"}, "a level is named twice"),
        ({"train_levels": "-3:4"}, "at least 0 and below"),
        ({"train_levels": "9:3"}, "train_levels = '9:3': the range 9:3 is empty"),
        ({"n_test_levels": 3}, "n_test_levels = 3, but 8 levels are named"),
        ({"n_train_levels": [7]}, "n_train_levels = 7: 7 levels: only 6 are named"),
        ({"conditions": ["random_spawn"]}, "cannot draw start cells"),
        ({"conditions": ["noop_starts"]}, "needs an action that does nothing"),
        ({"flip_p": 0.5}, "flip_p = 0.5"),
        ({"network": "conv-a"}, "use an mlp"),
        (
            # Two ids of ours can make the same maze.
            {
                "family": "maze-basic",
                "family_options": {"size": 5},
                "test_levels": "1000:1020",
                "conditions": ["plain"],
            },
            "family = 'maze-basic': test level 1015 is the same task as test level 1011; ",
        ),
        ({"agent": "td3", "agent_options": {}}, "which td3 does not learn"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_computed(tmp_path, keys, told):
    with pytest.raises(RlgenError, match=told):
        api.evaluate(CARTPOLE | keys, tmp_path / "store")
    assert not (tmp_path / "store").exists()


@pytest.mark.slow
def test_a_study_of_a_registered_environment(tmp_path):
    result = api.evaluate(CARTPOLE, tmp_path / "store", jobs=1)
    assert not result.failed
    rows = api.load(result.store)
    assert set(rows["level_id"][rows["split"] == "train"]) == {0, 1, 2, 3, 4, 5}
    assert set(rows["level_id"][rows["split"] == "test"]) == set(range(1000, 1008))
    assert (rows["oracle_ret"] == 100).all()
    assert rows["random_ret"].between(5, 60).all()
    assert not rows["exact"].any()
    assert rows["p_solved"].isna().all()
    small, _ = result.summary["cells"]
    assert small["n_train_levels"] == 2
    assert small["gap"]["mean"] is not None
    assert small["normalised"]["train"]["mean"] is not None
    assert small["solved"]["test"]["mean"] is None
    page = result.report.read_text()
    assert "CartPole-v1" in page
    again = api.evaluate(CARTPOLE, result.store, jobs=1)
    assert not again.computed
    json.loads((result.store / "summary.json").read_text())


@pytest.mark.slow
def test_without_a_scale_no_verdict_is_made_up(tmp_path):
    keys = CARTPOLE | {"family_options": {"time_limit": 50}, "conditions": ["plain"]}
    keys |= {"n_train_levels": [2]}
    result = api.evaluate(keys, tmp_path / "store", jobs=1)
    (cell,) = result.summary["cells"]
    assert cell["verdict"] == "undecided"
    assert "no random or optimal return" in cell["sentence"]
    assert "not known" in result.report.read_text()


def test_levels_need_names_that_fit(tmp_path):
    with pytest.raises(ProtocolError, match="below 2"):
        api.evaluate(CARTPOLE | {"test_levels": str(2**63)}, tmp_path / "store")


@pytest.mark.slow
def test_the_brute_replays_levels_that_can_only_be_played(walk):
    levels = walk.generate(range(3))
    policy = Brute(episodes=600, longest=30).fit(walk, levels, 0)
    told = rollout.evaluate(
        policy,
        walk,
        levels,
        [Condition.parse("plain"), Condition.parse("sticky_executed:0.5")],
        episodes=20,
    )
    assert (told["plain"].ret_mean == 1).all()
    assert (told["plain"].ret_var == 0).all()
    assert (told["sticky_executed:0.5"].ret_mean < 1).all(), "a script knows nothing"
    again = Brute(episodes=600, longest=30).fit(walk, levels, 0)
    first = np.stack([walk.env(levels).reset(options={"level": 0})[0]])
    assert np.array_equal(policy.at(policy.choose(first), 0), again.at(again.choose(first), 0))


def test_a_package_that_is_missing_is_named(monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr("rlgen_envs.registered.names.import_module", missing)
    with pytest.raises(UnknownNameError, match=r"pip install 'rlgen\[minigrid\]'"):
        lookup.family("MiniGrid-FourRooms-v0")


@pytest.mark.parametrize(
    ("drawn", "seen"),
    [
        (np.full((2, 3, 3), 7, np.uint8), 7),
        (np.full((2, 3, 3), 0.2), 51),
        (np.full((2, 3, 3), 300.0), 255),
        (np.full((2, 3, 4), 7, np.int64), 7),
        (np.ones((2, 3), np.bool_), 255),
    ],
)
def test_what_an_environment_draws_is_made_a_picture(walk, monkeypatch, drawn, seen):
    level = walk.generate([0])
    monkeypatch.setattr(registers_walk.Walk, "render", lambda self: drawn)
    picture = walk.picture(level)
    assert picture.dtype == np.uint8
    assert picture.shape == (2, 3, 3)
    assert (picture == seen).all()
    monkeypatch.setattr(registers_walk.Walk, "render", lambda self: ["words"])
    with pytest.raises(LevelError, match="draws no pictures but"):
        walk.picture(level)


def test_minigrid():
    pytest.importorskip("minigrid")
    family = lookup.family("MiniGrid-FourRooms-v0")
    family.check([0, 7])
    assert family.observation_space.shape == (7 * 7 * 3 + 4,)
    image = family.configure({"entry": "image", "scale": 10.0})
    assert image.observation_space.shape == (3, 7, 7)
    seen, _ = image.vector_env(image.generate([1, 2]), 2).reset()
    assert 0 < seen.max() <= 1.1
    assert isinstance(image, Drawable)


def test_atari():
    pytest.importorskip("ale_py")
    pytest.importorskip("cv2")
    family = lookup.family("rlgen/Atari-v0").configure({"game": "Breakout"})
    family.check([0, 1003])
    assert (family.observation_space.shape, family.noop) == ((4, 84, 84), 0)
    batch = family.vector_env(family.generate([0, 5, 1000]), 3)
    first, _ = batch.reset(options={"level": np.array([0, 5, 1000])})
    for _ in range(5):
        later = batch.step(np.full(3, 1))[0]
    assert not np.array_equal(later[0], later[2]), "another flavour"
    assert np.array_equal(first, batch.reset(options={"level": np.array([0, 5, 1000])})[0])
    for level in (31, 24_000):
        with pytest.raises(LevelError, match="flavour from 0 to 23"):
            family.check([level])
    with pytest.raises(LevelError, match="did you mean 'Breakout'"):
        family.configure({"game": "Brekout"}).check([0])


def test_procgen():
    pytest.importorskip("envpool", exc_type=ImportError)
    family = lookup.family("rlgen/Procgen-v0").configure({"game": "maze"})
    family.check([0, 7])
    assert (family.observation_space.shape, family.noop) == ((3, 64, 64), 4)
    levels = family.generate([3, 4, 3])
    batch = family.vector_env(levels, 3)
    first, _ = batch.reset(options={"level": levels.ids})
    assert np.array_equal(first[0], first[2])
    assert not np.array_equal(first[0], first[1])
    with pytest.raises(LevelError, match="levels are from 0"):
        family.check([2**31])
    for options, told in (({"game": "coin"}, "'coinrun'"), ({"mode": "hrad"}, "'hard'")):
        with pytest.raises(LevelError, match=f"did you mean {told}"):
            lookup.family("rlgen/Procgen-v0").configure(options).check([0])
