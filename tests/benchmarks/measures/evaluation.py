"""Exact evaluation against as many episodes as would be as precise."""

import numpy as np
from base import Row, side_by_side
from learning import train

from rlgen import draw_split
from rlgen.evaluation import exact
from rlgen.perturbations.condition import Condition
from rlgen.study.process import one_core

LEVELS, PRECISION = 1000, 0.01
CONDITIONS = (
    "plain",
    "greedy",
    "random_spawn",
    "sticky_proposed:0.25",
    "sticky_executed:0.25",
    "random_spawn+sticky_proposed:0.25",
    "epsilon:0.1",
    "delay:1",
    "frame_skip:2",
    "noop_starts:8",
)


def measure() -> list[Row]:
    one_core()
    split = draw_split("maze-basic", 100, 0, LEVELS)
    told = {"agent": "ppo", "network": "conv-a", "seed": 0, "curve_points": 1, "curve_levels": 1}
    conditions = [Condition.parse(text) for text in CONDITIONS]
    policies = {
        "trained for 150,000 steps": train(split, steps=150_000, **told).policy,
        "untrained": train(split, steps=1, **told).policy,
    }

    def evaluate(policy):
        return exact.evaluate(policy, split.family, split.test, conditions)

    taken = side_by_side({name: lambda p=p: evaluate(p) for name, p in policies.items()})
    trained, untrained = policies
    states = sum(tabular.n_states for tabular in exact.chunks(split.family, split.test))
    outcomes = evaluate(policies[trained]).values()
    # An episode is worth its variance; a level takes at least two to know that there is one.
    episodes = [np.maximum(outcome.ret_var / PRECISION**2, 2) for outcome in outcomes]
    steps = sum(float((n * o.len_mean).sum()) for n, o in zip(episodes, outcomes, strict=True))
    what = f"exact evaluation of {LEVELS:,} maze-basic levels, {len(CONDITIONS)} conditions, conv-a"
    return [
        Row(
            what,
            "",
            taken[trained],
            10,
            "s",
            at_least=False,
            detail=f"policy {trained}; {taken[untrained]:.1f} s for an {untrained} one",
        ),
        Row(
            "network evaluations saved by it",
            f"Monte Carlo to a standard error of {PRECISION} on every level",
            steps / states,
            100,
            "x",
            at_least=True,
            detail=f"{states:,} states against {steps:,.0f} steps (from the exact variances)",
        ),
    ]
