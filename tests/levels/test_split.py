import json
from itertools import pairwise

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rlgen
from rlgen import draw_split
from rlgen.errors import LevelError, UnknownNameError
from rlgen.levels import lookup
from rlgen.levels.split import Split
from rlgen.policies import functions
from rlgen_envs import FAMILIES

BASIC = FAMILIES["maze-basic"]
#: About a tenth of its levels repeat, so that disjointness is put to the test.
SMALL = BASIC.configure({"size": 5})


@pytest.mark.slow
@settings(max_examples=12, deadline=None)
@given(
    st.integers(1, 60), st.integers(0, 30), st.integers(1, 60), st.integers(0, 2**40), st.booleans()
)
def test_pools_share_no_level(n_train, n_validation, n_test, pool_seed, small):
    split = draw_split(
        SMALL if small else BASIC, n_train, n_validation, n_test, pool_seed=pool_seed
    )
    assert [len(levels) for _, levels in split.pools()] == [n_train, n_validation, n_test]
    prints = [p for _, levels in split.pools() for p in levels.fingerprints()]
    assert len(set(prints)) == len(prints)


@pytest.mark.slow
@pytest.mark.parametrize("family", [BASIC, SMALL], ids=["basic", "small"])
def test_training_pools_of_growing_size_are_nested(family):
    sizes = [1, 9, 10, 100, 257, 600]
    splits = [draw_split(family, n, 5, 20, pool_seed=3) for n in sizes]
    for small, large in pairwise(splits):
        assert np.array_equal(large.train.ids[: len(small.train)], small.train.ids)


def test_test_levels_do_not_depend_on_the_training_pool():
    one = draw_split(BASIC, 10, 5, 50, pool_seed=0)
    other = draw_split(BASIC, 300, 20, 50, pool_seed=7, flip_p=0.5)
    assert np.array_equal(one.test.ids, other.test.ids)
    assert one.test.content_hash() == other.test.content_hash()
    assert not set(one.train.ids) & set(other.train.ids)
    assert np.array_equal(draw_split(BASIC, 10, 5, 20).test.ids, one.test.ids[:20])


def test_only_training_levels_are_flipped():
    split = draw_split(BASIC, 50, 20, 20, flip_p=0.5)
    plain = [1, 1, -1, -1, 0.1]
    assert (split.validation.values == plain).all()
    assert (split.test.values == plain).all()
    assert not (split.train.values == plain).all()


def test_a_split_refuses_a_shared_level():
    pool = BASIC.generate(range(5))
    with pytest.raises(LevelError, match="test level 3 is the same task as train level 3"):
        Split(BASIC, 0.0, 0, pool, BASIC.generate([]), BASIC.generate([3, 9]))
    with pytest.raises(LevelError, match="same task"):
        Split(BASIC, 0.0, 0, BASIC.generate([1, 1]), BASIC.generate([]), BASIC.generate([3]))


def test_the_manifest_names_every_level_and_its_hash_covers_it():
    split = draw_split(BASIC, 10, 2, 5, flip_p=0.2)
    told = json.loads(json.dumps(split.manifest))
    for pool, levels in split.pools():
        assert told["pools"][pool]["ids"] == levels.ids.tolist()
        prints = [p[:16] for p in levels.fingerprints()]
        assert told["pools"][pool]["fingerprints"] == prints
    again = draw_split(BASIC, 10, 2, 5, flip_p=0.2)
    assert again.manifest_hash == split.manifest_hash
    for other in (
        draw_split(BASIC, 11, 2, 5, flip_p=0.2),
        draw_split(BASIC, 10, 2, 5, flip_p=0.3),
        draw_split(BASIC, 10, 2, 5, flip_p=0.2, pool_seed=1),
        draw_split(BASIC.configure({"size": 11}), 10, 2, 5, flip_p=0.2),
    ):
        assert other.manifest_hash != split.manifest_hash


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ((0, 0, 1), "0 train levels"),
        ((1, 0, 0), "0 test levels"),
        ((1, -1, 1), "-1 validation levels"),
        ((10**9, 0, 1), "1000000000 train levels"),
    ],
)
def test_impossible_sizes_are_refused(sizes, message):
    with pytest.raises(LevelError, match=message):
        draw_split(BASIC, *sizes)


def test_more_levels_than_there_are():
    # 9 cells, six different things on them
    with pytest.raises(LevelError, match="at most 60,480 distinct levels"):
        draw_split(SMALL, 60_000, 0, 1000)


class Few(type(BASIC)):
    """Seven distinct levels under any number of ids."""

    def generate(self, ids, flip_p=0.0):
        return super().generate(np.asarray(ids, np.int64).reshape(-1) % 7, flip_p)

    def capacity(self):
        return None


def test_a_family_that_runs_out_of_levels_is_found_out():
    few = Few("few", BASIC.settings)
    assert len(draw_split(few, 4, 1, 2).train) == 4
    with pytest.raises(LevelError, match=r"too few distinct levels: .* gave 3 new ones of 10"):
        draw_split(few, 10, 0, 4)


def test_names_are_looked_up():
    with pytest.raises(UnknownNameError, match="did you mean 'maze-basic'"):
        draw_split("maze-basik", 10)


@pytest.mark.parametrize(
    ("family", "says"),
    [
        ("maze-tunnel", "are of maze-basic, and the family is maze-tunnel: name the family that"),
        ("maze-basic[size=7]", "are of maze-basic with size = 9, and the family has size = 7"),
        ("CartPole-v1", "are of maze-basic, and the family is CartPole-v1"),
    ],
)
def test_levels_of_another_family_are_not_played(family, says):
    split = rlgen.draw_split("maze-basic", n_train=2, n_test=2, flip_p=0.5)
    uniform = functions.uniform_policy(lookup.family(family))
    for levels in (split.train, split.test.take([1]).joined([split.test.take([0])])):
        with pytest.raises(LevelError, match=says):
            rlgen.evaluate_policy(uniform, family, levels)
        own = functions.uniform_policy(BASIC)
        assert len(rlgen.evaluate_policy(own, "maze-basic[view=3]", levels)) == 2


def test_seeds_of_another_environment_are_not_played():
    levels = lookup.family("CartPole-v1").generate([0, 1])
    with pytest.raises(LevelError, match="are of CartPole-v1, and the family is maze-basic"):
        rlgen.evaluate_policy(lambda o: np.eye(5)[[0] * len(o)], BASIC, levels)


@pytest.mark.parametrize(
    ("family", "near"),
    [
        (gym.make("CartPole-v1"), "TimeLimit is no family: .* such as 'CartPole-v1'"),
        (None, "NoneType is no family: give its name"),
        (3, "int is no family"),
    ],
)
def test_what_is_no_family_is_refused(family, near):
    with pytest.raises(LevelError, match=near):
        rlgen.evaluate_policy(functions.uniform_policy(BASIC), family, range(2))
    with pytest.raises(LevelError, match=near):
        draw_split(family, 2, 0, 2)


def test_conditions_may_be_parsed_before():
    uniform = functions.uniform_policy(BASIC)
    texts = ["greedy", "sticky_proposed:0.25"]
    parsed = [rlgen.Condition.parse(text) for text in texts]
    both, one = (rlgen.evaluate_policy(uniform, BASIC, [1], own) for own in (parsed, parsed[0]))
    assert list(both["condition"]) == texts
    assert list(one["condition"]) == ["greedy"]
    assert both.equals(rlgen.evaluate_policy(uniform, BASIC, np.array([1]), texts))
    cartpole = lookup.family("CartPole-v1")
    spawning = rlgen.Condition.parse("random_spawn")
    for wrong, says in [
        ([spawning], "condition 'random_spawn': CartPole-v1 cannot draw start cells"),
        ([3], "condition 3: must be text"),
        (3, "condition 3: must be text"),
        ([], "there are none"),
    ]:
        with pytest.raises(rlgen.RlgenError, match=says):
            rlgen.evaluate_policy(functions.uniform_policy(cartpole), cartpole, [1], wrong)
