"""The controls' exact returns under the checks, beside the method's provisional ones (method 3.5).

``python tests/support/control_table.py tests/golden/control_calibration.csv`` computes the table of
``rlgen/agents/controls/README.md``, on 200 levels a family.
"""

import sys

import numpy as np
import pandas as pd

from rlgen import evaluation
from rlgen.agents.controls import CONTROLS
from rlgen.levels import lookup
from rlgen.levels.family import Family, Levels
from rlgen.perturbations.condition import Condition

#: The provisional table's columns, and what they are called here.
CONDITIONS = {
    "plain": "plain",
    "sticky_default_0.25": "sticky_proposed:0.25",
    "sticky_alternative_0.25": "sticky_executed:0.25",
    "rand_spawn": "random_spawn",
}
#: Its agents.
AGENTS = {
    "open_loop": "open-loop",
    "trajectory_memoriser_r0": "trajectory-memoriser-r0",
    "trajectory_memoriser_r1": "trajectory-memoriser-r1",
    "trajectory_memoriser_r2": "trajectory-memoriser-r2",
    "trajectory_memoriser_r4": "trajectory-memoriser-r4",
    "full_memoriser_or_oracle": "full-memoriser",
    "random": "random",
}
#: Its variants, as families with their options.
VARIANTS: dict[str, tuple[str, dict[str, object]]] = {
    "basic9": ("maze-basic", {}),
    "tunnel13_braid0.15": ("maze-tunnel", {}),
}


def measure(family: Family, levels: Levels) -> pd.DataFrame:
    """Exact returns of each control on its own training levels.

    Returns:
        One row an agent and condition, by the provisional table's names: ``agent``,
        ``condition``, ``mean`` and ``sd`` over levels, ``n_levels``. Open loop under random spawn
        has no row: its script would be random.
    """
    rows = []
    for agent, name in AGENTS.items():
        policy = CONTROLS[name].fit(family, levels, seed=0)
        conditions = {column: Condition.parse(text) for column, text in CONDITIONS.items()}
        conditions = {
            column: condition
            for column, condition in conditions.items()
            if evaluation.can_be_exact(policy, family, condition)
        }
        outcomes = evaluation.evaluate(policy, family, levels, list(conditions.values()))
        for column, condition in conditions.items():
            returns = outcomes[condition.name].ret_mean
            rows.append((agent, column, returns.mean(), returns.std(ddof=1), len(levels)))
    return pd.DataFrame(rows, columns=["agent", "condition", "mean", "sd", "n_levels"])


def compare(measured: pd.DataFrame, provisional: pd.DataFrame) -> pd.DataFrame:
    """The measured table beside the provisional one.

    The provisional levels' spread is not known and taken to be the measured one.

    Args:
        measured: From ``measure``.
        provisional: Rows of one variant of ``control_calibration.csv``.

    Returns:
        ``measured`` with ``provisional`` and ``z``: the difference in standard errors of a
        difference between two samples of levels; nan where nothing varies.
    """
    old = provisional.melt(["agent", "n_levels"], list(CONDITIONS), "condition", "provisional")
    both = measured.merge(old, on=["agent", "condition"], suffixes=("", "_old")).dropna()
    error = both["sd"] * np.sqrt(1 / both["n_levels"] + 1 / both["n_levels_old"])
    difference = both["mean"] - both["provisional"]
    both["z"] = (difference / error).where(error > 1e-9)
    return both.drop(columns="n_levels_old")


def main(path: str, n_levels: int = 200) -> None:
    """Print the comparison for every variant of the provisional table."""
    table = pd.read_csv(path)
    for variant, (name, options) in VARIANTS.items():
        family = lookup.family(name).configure(options)
        measured = measure(family, family.generate(range(n_levels)))
        old = table[table["variant"] == variant].drop(columns="variant")
        print(variant)
        print(compare(measured, old).to_string(index=False, float_format="{:.3f}".format))


if __name__ == "__main__":
    main(sys.argv[1])
