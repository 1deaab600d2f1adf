"""Environment steps a second: 1,024 mazes, with observations, through the public interface."""

from functools import partial
from typing import Any

import numpy as np
from base import Row, side_by_side

from rlgen.util.seeding import stream
from rlgen_envs import FAMILIES

#: Many short timings: what else the machine does falls on few of them.
N_ENVS, N_LEVELS, STEPS, REPEATS = 1024, 1000, 100, 75
TARGETS = {"maze-basic": 15.0, "maze-blocks": 10.0, "maze-tunnel": 10.0}
OTHERS = (
    "PufferLib's C grid 3.9 M; NAVIX 2.8 M (empty room), 0.06 M (four rooms); xland-minigrid "
    "0.25 M; EnvPool's MiniGrid 0.18 M; Procgen 0.03 M; MiniGrid 0.008 M (each on another 2-core "
    "machine)"
)


def play(env: Any, actions: Any) -> None:
    """Random play; what a step gives is held until the next one, as a learner would."""
    for row in actions:
        held = env.step(row)
    del held


def measure() -> list[Row]:
    actions = stream(0, "benchmark").integers(5, size=(STEPS, N_ENVS))
    jobs = {}
    for name in TARGETS:
        family = FAMILIES[name]
        env = family.vector_env(family.generate(np.arange(N_LEVELS)), N_ENVS)
        env.reset(seed=0)
        play(env, actions)
        jobs[name] = partial(play, env, actions)
    return [
        Row(
            what=f"{name}: steps of {N_ENVS:,} environments, a random level at each reset",
            against=OTHERS if name == "maze-basic" else "",
            measured=STEPS * N_ENVS / seconds / 1e6,
            target=TARGETS[name],
            unit="M/s",
            at_least=True,
            detail=f"{seconds / STEPS * 1e6:.0f} µs a step",
        )
        for name, seconds in side_by_side(jobs, REPEATS).items()
    ]
