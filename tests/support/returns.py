"""Tables of returns as others have them, for the tests of what reads and judges them."""

import numpy as np
import pandas as pd

from rlgen.store.importing import ImportOptions, import_files
from rlgen.util.seeding import stream


def returns(gap=0.5, *, seeds=range(5), levels=12, seed=0, spread=0.1, **columns):
    """A row a run, pool and level: runs of one agent whose gap is about ``gap``.

    Seeds and levels have effects that depend on nothing else, so that tables of other gaps are
    paired with this one.
    """
    told = []
    for run in seeds:
        for pool in ("train", "test"):
            effect = stream(seed, "run", run, pool).normal(0, spread)
            for level in range(levels):
                hardness = stream(seed, "level", level, pool).normal(0, 0.3)
                value = 1.0 + (gap if pool == "train" else 0) + effect + hardness
                name = level if pool == "train" else 1000 + level
                told.append((run, pool, name, value))
    table = pd.DataFrame(told, columns=["seed", "pool", "level", "return"])
    return table.assign(agent="ppo", n_train_levels=12, **columns)


def imported(folder, name, table, **asked):
    """A store of a table."""
    file = folder / f"{name}.csv"
    table.to_csv(file, index=False)
    return import_files([file], folder / name, ImportOptions(**asked)).store.path


def means(table, pool):
    """Of each run, in the order of seeds."""
    rows = table[table["pool"] == pool]
    return rows.groupby("seed")["return"].mean().to_numpy(np.float64)
