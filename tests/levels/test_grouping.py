"""Splits by group and along an axis: a pool has the levels that it may take, and no others."""

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlgen import draw_split
from rlgen.errors import LevelError, ProtocolError
from rlgen.levels import lookup, properties
from rlgen.levels.further import Source, further_pools
from rlgen.levels.grouping import Grouping, Only
from rlgen.levels.split import chosen_split
from rlgen_envs import FAMILIES

ROOM = FAMILIES["maze-basic"].configure({"size": 7})
CORNERS = ("upper left", "upper right", "lower left", "lower right")


def parity(level):
    return "odd" if level % 2 else "even"


def last_digit(level):
    return level % 10


def numbers_and_words(level):
    return float(level) if level % 2 else "word"


def failing(level):
    raise KeyError(level)


def corners(split, pool):
    return set(split.values[pool])


@settings(max_examples=8, deadline=None)
@given(st.sets(st.sampled_from(CORNERS), min_size=1, max_size=3), st.integers(0, 2**40))
def test_whole_groups_are_held_out(held_out, pool_seed):
    split = draw_split(
        ROOM, 12, 6, 12, pool_seed=pool_seed, levels={"group": "corner", "test": sorted(held_out)}
    )
    assert corners(split, "test") <= held_out
    for pool in ("train", "validation"):
        assert not corners(split, pool) & held_out
    named = draw_split(
        ROOM,
        12,
        6,
        12,
        pool_seed=pool_seed,
        levels={
            "group": "corner",
            "train": sorted(set(CORNERS) - held_out),
            "test": sorted(held_out),
        },
    )
    assert [list(levels.ids) for _, levels in named.pools()] == [
        list(levels.ids) for _, levels in split.pools()
    ]


def test_training_pools_of_growing_size_stay_nested_and_others_the_same():
    small, large = (draw_split(ROOM, n, 3, 5, levels=by_corner()) for n in (4, 20))
    assert list(large.train.ids[:4]) == list(small.train.ids)
    assert list(large.test.ids) == list(small.test.ids)


def by_corner(**pools):
    return {"group": "corner", **(pools or {"test": ["upper left"]})}


def test_a_range_of_an_axis_is_held_out():
    split = draw_split(ROOM, 10, 5, 10, levels={"axis": "distance", "train": ":5", "test": "5:"})
    assert max(split.values["train"]) < 5 <= min(split.values["test"])
    assert max(split.values["validation"]) < 5


@pytest.mark.slow
def test_a_share_of_the_groups_is_held_out_by_each_ones_own_draw():
    walk = lookup.family("CartPole-v1")
    own = {"group": f"{__name__}:last_digit", "held_out": 0.4}
    split = draw_split(walk, 30, 5, 30, levels=own)
    trained, tested = set(split.values["train"]), set(split.values["test"])
    assert not trained & tested
    grouping = Grouping.of(own)
    assert tested == {str(d) for d in range(10) if grouping.admits("test", str(d))}
    again = Grouping.of(own | {"group": "another.module:name"})
    assert any(again.admits("test", str(d)) != grouping.admits("test", str(d)) for d in range(40))
    # In many groups the share is that which was asked for.
    share = np.mean([grouping.admits("test", f"game {n}") for n in range(4000)])
    assert abs(share - 0.4) < 4 * np.sqrt(0.4 * 0.6 / 4000)


def test_the_manifest_says_what_each_level_is_like_and_only_then_is_it_another():
    split = draw_split(ROOM, 5, 0, 5, levels=by_corner())
    pools = split.manifest["pools"]
    assert pools["test"]["values"] == ["upper left"] * 5
    assert split.manifest["levels"] == {"group": "corner", "pools": {"test": ["upper left"]}}
    assert "values" not in draw_split(ROOM, 5, 0, 5).manifest["pools"]["test"]


def test_levels_that_are_named_are_refused_where_nothing_is_held_out():
    grouping = Grouping.of({"group": f"{__name__}:parity"})
    family = lookup.family("CartPole-v1")
    ids = {"train": [1, 3, 5], "validation": [7], "test": [2, 4]}
    split = chosen_split(family, ids, 3, grouping=grouping)
    assert split.values["test"] == ["even", "even"]
    with pytest.raises(LevelError, match=r"test level 9 has .*parity odd, and so have training"):
        chosen_split(family, ids | {"test": [2, 9]}, 3, grouping=grouping)
    only = Grouping.of({"group": f"{__name__}:parity", "pools": {"train": ["even"]}})
    with pytest.raises(LevelError, match=r"train level 1 has .*odd, which its pool does not take"):
        chosen_split(family, ids, 3, grouping=only)
    none = Grouping.of({"group": f"{__name__}:parity", "pools": {"test": ["even", "evn"]}})
    with pytest.raises(LevelError, match=r"no test level has .*parity evn, which is to be"):
        chosen_split(family, ids, 3, grouping=none)


@pytest.mark.slow
def test_a_group_that_is_named_beside_others_must_exist():
    named = {"group": "corner", "test": ["upper left", "uper right"]}
    with pytest.raises(LevelError, match=r"no level of corner 'uper right' for the test pool, of"):
        draw_split(ROOM, 5, 0, 20, levels=named)
    rare = {"group": f"{__name__}:last_digit", "test": [3, 4, 5], "train": [0, 1]}
    assert len(draw_split(lookup.family("CartPole-v1"), 2, 0, 1, levels=rare).test) == 1


def test_further_pools_take_only_what_they_say():
    split = draw_split(ROOM, 8, 0, 8, levels=by_corner())
    grouping = split.grouping
    assert grouping is not None
    only = {**grouping.pools, "same": Only(("upper right",))}
    taking = Grouping(grouping.name, False, only)
    source = Source("same", ROOM.name, ROOM, 6, "", "in_distribution", grouping=taking)
    (pool,) = further_pools(split, [source])
    assert pool.manifest["pools"]["same"]["values"] == ["upper right"] * 6
    again = Source.from_settings("same", source.settings)
    assert again.grouping == taking
    alike = Grouping(grouping.name, False, grouping.pools | {"same": Only(like="train")})
    assert alike.admits("same", "upper right")
    assert not alike.admits("same", "upper left")
    wrong = Source("same", ROOM.name, ROOM, 2, "1,2", "in_distribution", grouping=taking)
    with pytest.raises(LevelError, match=r"same level . has corner .*, which its pool does not"):
        list(further_pools(split, [wrong]))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("own", "message"),
    [
        ({"group": "cornr", "test": ["a"]}, r"no property 'cornr' \(did you mean 'corner'\?\)"),
        ({"group": "corner", "test": ["nowhere"]}, "corner nowhere; those drawn were of lower"),
        (
            {"axis": "corner", "train": ":1", "test": "1:"},
            "(left|right)' is no number",
        ),
        ({"group": f"{__name__}:nothing", "test": ["a"]}, "nothing: AttributeError"),
        ({"group": "no_such_module:f", "test": ["a"]}, "no_such_module:f: ModuleNotFoundError"),
        ({"group": f"{__name__}:CORNERS", "test": ["a"]}, "CORNERS: is no function of a level"),
        ({"group": f"{__name__}:failing", "test": ["a"]}, r"failing\(\d+\) raises KeyError"),
        ({"group": f"{__name__}:numbers_and_words", "test": ["word"]}, r"\d\.0 is no label"),
    ],
)
def test_a_property_that_does_not_work_is_refused(own, message):
    with pytest.raises(LevelError, match=message):
        draw_split(ROOM, 3, 0, 3, levels=own)


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ({}, "needs group or axis"),
        ({"group": "corner", "axis": "walls"}, "needs group or axis"),
        ({"group": "corner", "test": ":3"}, "must be a list of groups"),
        ({"axis": "walls", "train": ["a"], "test": "3:"}, "must be a range"),
        ({"axis": "walls", "train": "train", "test": "3:"}, "must be a range"),
        ({"axis": "walls", "train": ":3"}, "needs the ranges of train and test"),
        ({"axis": "walls", "train": ":3", "test": "2:"}, "some in common"),
        ({"axis": "walls", "train": "3:3", "test": "4:"}, "is no range"),
        ({"group": "corner", "train": ["a"], "test": ["a", "b"]}, "some in common"),
        ({"group": "corner", "validation": ["b"], "test": ["b"]}, "some in common"),
        ({"group": "corner", "test": ["a", "a"]}, "listed twice"),
        ({"group": "corner", "test": ["a"], "held_out": 0.5}, "goes with group alone"),
        ({"group": "corner", "held_out": 1.0}, "held_out"),
        ({"group": "corner", "tets": ["a"]}, r"'tets' \(did you mean 'test'"),
        ({"group": "corner", "test": []}, "must be a list of groups, or the range"),
        ({"group": "corner", "test": 3}, "must be a list of groups, or the range"),
        ({"group": "corner", "test": [1.5]}, "texts or whole numbers"),
    ],
)
def test_what_a_table_of_levels_may_say(own, message):
    with pytest.raises(ProtocolError, match=message):
        draw_split(ROOM, 3, 0, 3, levels=own)


def test_what_reset_says_of_a_level_is_a_property():
    games = lookup.family("rlgen/Games-v0[games=rlgen/CartPole-v0+CartPole-v1]")
    assert properties.of_family(games, "info:game")
    assert not properties.of_family(games, "info:")
    own = {"group": "info:game", "test": ["CartPole-v1"]}
    split = draw_split(games, 4, 0, 4, levels=own)
    assert set(split.values["train"]) == {"rlgen/CartPole-v0"}
    with pytest.raises(LevelError, match=r"has no 'gmae' \(did you mean 'game'"):
        draw_split(games, 1, 0, 1, levels=own | {"group": "info:gmae"})


class Breaking(gym.Env):
    """Its reset raises."""

    observation_space = gym.spaces.Box(0, 1, (2,), np.float32)
    action_space = gym.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        raise RuntimeError("no level\nhere")


@pytest.mark.slow
def test_an_environment_that_cannot_be_reset_is_named_with_its_level():
    family = lookup.family(f"{__name__}:Breaking")
    with pytest.raises(LevelError, match=r"reset of level \d+ raises RuntimeError: no level"):
        draw_split(family, 1, 0, 1, levels={"group": "info:game", "test": ["a"]})


@given(
    st.one_of(
        st.lists(st.text("abc", min_size=1), min_size=1, unique=True),
        st.tuples(st.floats(-9, 9), st.floats(10, 99)).map(lambda ends: f"{ends[0]}:{ends[1]}"),
        st.sampled_from([":3", "-2.5:", "train"]),
    )
)
def test_what_a_pool_takes_survives_being_written(settings_):
    only = Only.of(settings_)
    assert Only.of(only.settings) == only
    axis = isinstance(settings_, str)
    pools = {"test": settings_, "source": settings_, "group": settings_}
    grouping = Grouping.of({"axis" if axis else "group": "walls", "pools": pools})
    assert Grouping.of(grouping.settings) == grouping
    assert set(grouping.pools) == set(pools)
