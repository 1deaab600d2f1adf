"""An environment that plays exactly the levels that it is given, in any loop."""

from collections import Counter

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from hypothesis import given, settings
from hypothesis import strategies as st
from lanes import Lanes

import rlgen
from rlgen.errors import LevelError
from rlgen.util.ranges import ids_text, parse_ids

LEVELS = (3, 4, 5, 90)


def played(env, n=40, **first):
    """Levels and layouts of the first episodes."""
    levels, layouts = [], []
    for number in range(n):
        _, info = env.reset(**first if not number else {})
        levels.append(info["level"])
        layouts.append(tuple(env.unwrapped.open))
    return levels, layouts


def layout(level):
    env = Lanes()
    env.reset(seed=level)
    return tuple(env.open)


def test_every_episode_is_one_of_the_levels_and_is_what_its_seed_makes():
    levels, layouts = played(rlgen.LevelEnv(Lanes, LEVELS, seed=1), 200)
    assert set(levels) == set(LEVELS)
    assert layouts == [layout(level) for level in levels]
    assert min(Counter(levels).values()) > 25, "all alike"


def test_the_same_seed_draws_the_same_levels_and_others_do_not():
    first, _ = played(rlgen.LevelEnv(Lanes, range(99), seed=1))
    assert first == played(rlgen.LevelEnv(Lanes, range(99)), seed=1)[0]
    assert first != played(rlgen.LevelEnv(Lanes, range(99), seed=2))[0]
    unseeded = [rlgen.LevelEnv(Lanes, range(99)) for _ in range(2)]
    own, other = (played(env)[0] for env in unseeded)
    assert own != other
    assert own == played(rlgen.LevelEnv(Lanes, range(99), seed=unseeded[0].level_seed))[0]


def test_a_level_can_be_named_and_other_options_go_on():
    env = rlgen.LevelEnv(Lanes(), LEVELS)
    _, info = env.reset(options={"level": np.int64(90), "speed": 2})
    assert (info["level"], env.unwrapped.options) == (90, {"speed": 2})
    assert env.step(0)[-1]["level"] == 90
    with pytest.raises(LevelError, match=r"level 7 is none of 3:6,90"):
        env.reset(options={"level": 7})


@pytest.mark.filterwarnings("ignore:.*is different from the unwrapped version")
def test_gymnasiums_checker_finds_nothing_wrong():
    check_env(rlgen.LevelEnv(Lanes, range(9)), skip_render_check=True)


def test_a_module_that_is_not_there_is_named():
    with pytest.raises(LevelError, match=r"nosuchmod:X-v0: .*nosuchmod"):
        rlgen.LevelEnv("nosuchmod:X-v0", [1])


@pytest.mark.parametrize("kind", [gym.vector.SyncVectorEnv, gym.vector.AsyncVectorEnv])
def test_vector_environments_of_gymnasium(kind):
    envs = kind([lambda: rlgen.LevelEnv(Lanes, LEVELS)] * 4)
    _, infos = envs.reset(seed=0)
    levels = set(infos["level"].tolist())
    for _ in range(50):
        *_, infos = envs.step(np.zeros(4, np.int64))
        levels |= set(infos["level"].tolist())
    envs.close()
    assert levels == set(LEVELS)


@pytest.mark.parametrize(
    ("env", "levels", "message"),
    [
        (Lanes, [], "levels: there are none"),
        (Lanes, [1, 1], "named twice"),
        (Lanes, [-1], "at least 0"),
        (Lanes, [0.5], "float"),
        (Lanes, range(10**9), "more than 1,000,000 levels"),
        (Lanes, iter(range(2 * 10**6)), "more than 1,000,000"),
        (Lanes, "5:2", "the range 5:2 is empty"),
        ("NoSuchEnv-v0", [1], "NoSuchEnv"),
        (dict, [1], "dict is no environment of gymnasium"),
        (lambda: gym.make_vec("CartPole-v1", 2), [1], "each is made with LevelEnv"),
        (lambda: gym.wrappers.Autoreset(Lanes()), [1], "put LevelEnv inside"),
        (lambda: gym.wrappers.FlattenObservation(rlgen.LevelEnv(Lanes, [1])), [1], "LevelEnv with"),
    ],
)
def test_what_has_no_levels_is_refused(env, levels, message):
    with pytest.raises(LevelError, match=message):
        rlgen.LevelEnv(env, levels)


@settings(max_examples=50, deadline=None)
@given(st.sets(st.integers(0, 2**40), min_size=1, max_size=30))
def test_ids_as_text_name_the_same_ids(ids):
    assert set(parse_ids(ids_text(ids))) == ids
