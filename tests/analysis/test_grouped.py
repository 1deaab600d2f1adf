"""Whole groups of levels in the place of levels, where they are held out."""

import numpy as np
import pandas as pd
import pytest

from rlgen.analysis.stats.grouped import by_group, group_means, number_of
from rlgen.analysis.stats.tables import fold
from rlgen.errors import DamagedStoreError
from rlgen.util.seeding import stream

GROUPS = {
    "split": {
        "train": {1: "a", 2: "a", 3: "b"},
        "validation": {4: "a", 5: "b"},
        "test": {6: "c", 7: "d", 8: "c"},
    }
}


def records(pools):
    rows = [
        {"run_id": run, "split": pool, "level_id": level, "ret_mean": level + 10.0 * run_number}
        for run_number, run in enumerate(("one", "two"))
        for pool, levels in pools.items()
        for level in levels
    ]
    keys = {"condition": "plain", "manifest": "split", "seed": 0, "checkpoint": 0}
    cell = {"family": "f", "agent": "g", "network": "n", "regulariser": "none"}
    return fold(pd.DataFrame(rows).assign(n_train_levels=3, flip_p=0.0, **keys, **cell))


def test_held_out_groups_stand_in_the_place_of_levels_and_other_levels_stay():
    folded = records(GROUPS["split"])
    told = by_group(folded, GROUPS)
    for place, pool in enumerate(folded["split"]):
        before, after = folded["ret_mean"][place], told["ret_mean"][place]
        if pool != "test":
            assert np.array_equal(before, after)
            continue
        shift = 0.0 if folded["run_id"][place] == "one" else 10.0
        means = dict(zip(told["level_id"][place].tolist(), after.tolist(), strict=True))
        assert means == {number_of("c"): 7.0 + shift, number_of("d"): 7.0 + shift}
        assert np.array_equal(told["level_id"][place], np.sort(told["level_id"][place]))


def test_a_pool_that_shares_a_group_with_training_keeps_its_levels():
    pools = GROUPS["split"] | {"test": {6: "c", 7: "a", 8: "c"}}
    folded = records(pools)
    assert by_group(folded, {"split": pools}).equals(folded)
    assert by_group(folded, {}) is folded


def test_means_are_of_each_group_by_name():
    rng = stream(0, "groups")
    values, labels = rng.normal(size=50), [str(n) for n in rng.integers(7, size=50)]
    series = pd.Series(values).groupby(labels).mean()
    assert np.allclose(group_means(values, labels), series.sort_index())


def test_a_level_that_a_split_does_not_have_is_damage():
    short = {"split": GROUPS["split"] | {"test": {6: "c", 7: "d"}}}
    with pytest.raises(DamagedStoreError, match="split split: has not all levels"):
        by_group(records(GROUPS["split"]), short)
