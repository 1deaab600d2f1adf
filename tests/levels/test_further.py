"""Further pools: disjoint from the split and from each other, and the same for the same keys."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlgen import draw_split
from rlgen.errors import LevelError
from rlgen.levels.further import Source, further_pools
from rlgen_envs import FAMILIES

#: About a tenth of its levels repeat, so that disjointness is put to the test.
SMALL = FAMILIES["maze-basic"].configure({"size": 5})
LARGER = FAMILIES["maze-basic"].configure({"size": 7})


def source(name, world=SMALL, n=20, named="", kind="in_distribution"):
    return Source(name, world.name, world, n, named, kind)


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 2**40))
def test_no_two_pools_share_a_level(n_train, n_further, pool_seed):
    split = draw_split(SMALL, n_train, 5, 40, pool_seed=pool_seed)
    sources = [source("one", n=n_further), source("two", n=n_further), source("far", LARGER, 5)]
    pools = list(further_pools(split, sources))
    assert [len(pool.levels) for pool in pools] == [n_further, n_further, 5]
    every = [levels for _, levels in split.pools()] + [pool.levels for pool in pools]
    prints = [mark for levels in every for mark in levels.fingerprints()]
    assert len(set(prints)) == len(prints)


def test_a_pool_depends_on_its_name_and_on_nothing_after_it():
    split = draw_split(LARGER, 5, 0, 5)
    alone = next(further_pools(split, [source("one", LARGER)]))
    longer = next(further_pools(split, [source("one", LARGER, n=30), source("two", LARGER)]))
    assert np.array_equal(longer.levels.ids[:20], alone.levels.ids)
    other = next(further_pools(split, [source("other", LARGER)]))
    assert not set(other.levels.ids) & set(alone.levels.ids)
    again = next(further_pools(split, [Source.from_settings("one", source("one").settings)]))
    assert again.manifest == next(further_pools(split, [source("one")])).manifest


def test_named_levels_are_refused_where_another_pool_has_them():
    split = draw_split(LARGER, 5, 0, 5)
    level = int(split.test.ids[3])
    with pytest.raises(LevelError, match=f"mine level {level} is the same task as test level"):
        list(further_pools(split, [source("mine", LARGER, 1, str(level))]))
    sources = [source(name, LARGER, 1, "7", "interpolation") for name in ("one", "two")]
    with pytest.raises(LevelError, match="two level 7 is the same task as one level 7"):
        list(further_pools(split, sources))


def test_a_source_of_another_version_is_refused():
    keys = source("one").settings | {"family_version": 99}
    with pytest.raises(LevelError, match=r"pool one: maze-basic is of version 99 .* and 1 here"):
        Source.from_settings("one", keys)
