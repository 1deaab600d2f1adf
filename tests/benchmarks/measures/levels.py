"""Seconds to generate, list and plan 10,000 levels of each family."""

from functools import partial

import numpy as np
from base import Row, seconds, side_by_side

from rlgen.evaluation import exact, planner
from rlgen_envs import FAMILIES

N_LEVELS = 10_000
TARGETS = {"maze-basic": 5.0, "maze-blocks": 10.0, "maze-tunnel": 30.0}


def whole(name: str, n_levels: int) -> None:
    family = FAMILIES[name]
    for tabular in exact.chunks(family, family.generate(np.arange(n_levels))):
        planner.plan(tabular)


def parts(name: str) -> str:
    """How a timing divides."""
    family = FAMILIES[name]
    levels = family.generate(np.arange(N_LEVELS))
    generated = seconds(lambda: family.generate(levels.ids))
    listed = seconds(lambda: [t.n_states for t in exact.chunks(family, levels)])
    return f"generated in {generated:.1f} s, listed in {listed:.1f} s, planned in the rest"


def measure() -> list[Row]:
    for name in TARGETS:
        whole(name, 10)
    jobs = {name: partial(whole, name, N_LEVELS) for name in TARGETS}
    return [
        Row(
            what=f"{name}: {N_LEVELS:,} levels generated, listed as states and planned",
            against="",
            measured=taken,
            target=TARGETS[name],
            unit="s",
            at_least=False,
            detail=parts(name),
        )
        for name, taken in side_by_side(jobs).items()
    ]
