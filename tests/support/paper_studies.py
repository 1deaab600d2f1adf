"""Studies of a paper's parts, made up."""

from functools import cached_property
from itertools import product

import numpy as np
import pandas as pd

from rlgen.analysis.results import Results
from rlgen.analysis.stats.tables import fold
from rlgen.networks.lists import resolve
from rlgen.protocol.schema import GRID, parse
from rlgen.util.seeding import stream

CHECKS = ["random_spawn", "sticky_proposed:0.25", "random_spawn+sticky_proposed:0.25"]
STICKY = [f"sticky_{mode}:{z}" for mode in ("proposed", "executed") for z in ("0.25", "1")]
BASE = {"name": "part", "steps": 1, "agent": "a2c", "seeds": "0:5", "family": "maze-basic"}
BASE |= {"network": "ConvNet", "n_train_levels": [100, 10]}
PARTS = {
    "fig2a": {},
    "fig2b": {"flip_p": [0.0, 0.5], "family": ["maze-basic", "maze-blocks"]},
    "fig3a": {"flip_p": [0.0, 0.5], "regulariser": CHECKS},
    "fig3b": {"flip_p": [0.0, 0.5], "conditions": ["plain", *CHECKS]},
    "fig4": {"conditions": ["plain", *STICKY]},
    "fig5": {"regulariser": CHECKS},
    "fig6": {"regulariser": CHECKS},
    "fig7": {"conditions": ["plain", *CHECKS]},
    "fig18": {"conditions": ["plain", *STICKY]},
    "table2": {"flip_p": [0.0, 0.5], "network": ["ConvNet", "MLP"]},
    "table3": {"flip_p": [0.0, 0.5], "network": ["Big-ConvNet", "MLP"]},
}


class Made(Results):
    """A study whose folded records can be gone through."""

    @cached_property
    def rows(self):
        return self.folded.to_dict("records")


def asked(item, **keys):
    return parse(BASE | PARTS[item] | keys, item)


def made(part, keep=lambda cell: True, levels=6):
    """A study in which every setting of a part that is kept has been run."""
    rows, curves = [], []
    for values in product(*(getattr(part, key) for key in GRID)):
        cell = dict(zip(GRID, values, strict=True))
        cell["seed"] = cell.pop("seeds")
        if not keep(cell):
            continue
        cell["network"] = resolve(cell["network"], cell["seed"])
        run = "-".join(map(str, cell.values()))
        rng = stream(0, run)
        for condition, pool in product(part.conditions, ("train", "test")):
            ids = np.arange(levels) + (1000 * cell["seed"] if pool == "train" else 10**6)
            told = {"run_id": run, "condition": condition, "split": pool, "checkpoint": 1}
            known = {"oracle_ret": 2.1, "random_ret": 0.0, "p_solved": 0.5, "manifest": "m"}
            known["exact"] = True
            returns = rng.normal(1, 0.5) + rng.normal(0, 0.3, levels)
            pairs = zip(ids, returns, strict=True)
            rows += [cell | told | known | {"level_id": i, "ret_mean": r} for i, r in pairs]
        curves += [
            cell | {"run_id": run, "step": step, "split": pool, "ret_mean": rng.normal()}
            for step, pool in product((10, 20), ("train", "test"))
        ]
    return Made(part, fold(pd.DataFrame(rows)), pd.DataFrame(curves), [], {}, {}, {})


def means(study, pool, condition="plain", **where):
    """Mean return by run, from the rows themselves."""
    wanted = where | {"split": pool, "condition": condition}
    return {
        row["run_id"]: row["ret_mean"].mean()
        for row in study.rows
        if all(row[key] == value for key, value in wanted.items())
    }
