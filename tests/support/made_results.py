"""Results of made-up returns, as they are read from a store."""

import numpy as np
import pandas as pd
from helpers import TINY

from rlgen.analysis.results import Results
from rlgen.analysis.stats.tables import CELL
from rlgen.protocol.schema import parse

SETTINGS = {
    "family": "fam",
    "agent": "a",
    "network": "n",
    "n_train_levels": 10,
    "flip_p": 0.0,
    "regulariser": "none",
}


def made_results(returns, *, oracle=1.0, random=0.0, solved=0.5, facts=None, curves=(), **settings):
    """One cell.

    Args:
        returns: By pool the returns, ``(S, L)``; a pool may have fewer runs than others.
        oracle: Return of the planner: one, or by pool one for each level.
        random: Likewise of the random agent.
        solved: Probability of solving each level.
        facts: Of the family, such as ``bounds``.
        curves: Rows of learning curves: run, step, pool and mean return.
        **settings: Settings of its runs: others than ``SETTINGS``, and further ones.
    """
    cell = {name: settings.get(name, value) for name, value in SETTINGS.items()}
    runs = {}
    rows = []
    for pool, table in returns.items():
        ends = [end[pool] if isinstance(end, dict) else end for end in (oracle, random)]
        for run, values in enumerate(np.asarray(table, np.float64)):
            name = f"run-{run}"
            runs[name] = run
            frame = pd.DataFrame({"level_id": np.arange(len(values)), "ret_mean": values})
            rows.append(
                frame.assign(
                    run_id=name, seed=run, split=pool, oracle_ret=ends[0], random_ret=ends[1]
                )
            )
    records = pd.concat(rows, ignore_index=True).assign(
        **cell,
        pool_seed=0,
        checkpoint=1000,
        condition="plain",
        ret_var=0.0,
        p_timeout=0.0,
        p_solved=solved,
        len_mean=9.0,
        exact=True,
        n_episodes=0,
        manifest="m",
    )
    plan = [
        {
            "id": name,
            "label": name,
            "settings": SETTINGS | {"seed": seed} | settings,
            "facts": facts or {},
        }
        for name, seed in runs.items()
    ]
    columns = ["run_id", "step", "split", "ret_mean"]
    curve = pd.DataFrame(list(curves), columns=columns).assign(gap_low=np.nan, **cell)
    curve["seed"] = curve["run_id"].map(runs)
    assert set(CELL) <= set(curve)
    protocol = parse({**TINY, "name": "made"}, "made")
    return Results(protocol, records, curve, plan, {}, {}, {})
