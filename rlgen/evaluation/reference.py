"""The planner's and the random agent's returns on each level: the scale's two ends (method 2.1)."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rlgen.conditions import Condition
from rlgen.evaluation import exact, planner
from rlgen.files import write_bytes
from rlgen.levels import Family, Levels
from rlgen.protocol import digest

Floats = NDArray[np.float64]
Pair = tuple[Floats, Floats]

#: Raised whenever the same levels and condition would give other numbers.
VERSION = 1


def returns(
    family: Family, levels: Levels, conditions: Sequence[Condition], cache: Path | None = None
) -> dict[str, Pair]:
    """Expected returns of the planner and of the uniformly random agent.

    The planner is the plain one, which does not know of the perturbation (method 3.2). Changes of
    the policy (greedy, temperature) leave the random agent, which is uniform, as it is.

    Args:
        family: Of the levels.
        levels: ``L`` levels.
        conditions: What the two face.
        cache: A folder that keeps the numbers: test levels are the same for every run of a study.

    Returns:
        By condition name, ``(planner, random)``, each ``(L,)``; empty if the levels are not
        tabular, where neither can be computed.
    """
    if not len(levels) or family.tabular(levels.take(slice(0, 1))) is None:
        return {}
    by_world: dict[str, list[Condition]] = {}
    for condition in conditions:
        by_world.setdefault(condition.without_policy.name, []).append(condition)
    worlds = [Condition.parse(name) for name in by_world]
    found = {world.name: _cached(family, levels, world, cache) for world in worlds}
    missing = [world for world in worlds if found[world.name] is None]
    for name, pair in _compute(family, levels, missing).items():
        found[name] = pair
        if cache is not None:
            cache.mkdir(parents=True, exist_ok=True)
            write_bytes(_file(family, levels, name, cache), np.stack(pair).tobytes())
    results = {name: pair for name, pair in found.items() if pair is not None}
    return {c.name: results[world] for world, members in by_world.items() for c in members}


def _compute(family: Family, levels: Levels, worlds: Sequence[Condition]) -> dict[str, Pair]:
    if not worlds:
        return {}
    parts: dict[str, list[Pair]] = {world.name: [] for world in worlds}
    for tabular in exact.chunks(family, levels):
        n_actions = tabular.n_actions
        planned = planner.plan(tabular).probabilities(n_actions)
        uniform = np.full((tabular.n_states, n_actions), 1 / n_actions)
        best = exact.solve(tabular, planned, worlds, family.noop)
        random = exact.solve(tabular, uniform, worlds, family.noop)
        for name, part in parts.items():
            part.append((best[name].ret_mean, random[name].ret_mean))
    return {
        name: (np.concatenate([b for b, _ in part]), np.concatenate([r for _, r in part]))
        for name, part in parts.items()
    }


def _file(family: Family, levels: Levels, world: str, cache: Path) -> Path:
    key = {
        "version": VERSION,
        "family": [family.name, family.version, dict(family.options)],
        "levels": levels.content_hash(),
        "condition": world,
    }
    return cache / f"{digest(key)}.bin"


def _cached(family: Family, levels: Levels, world: Condition, cache: Path | None) -> Pair | None:
    if cache is None:
        return None
    try:
        data = np.frombuffer(_file(family, levels, world.name, cache).read_bytes())
    except OSError:
        return None
    if data.size != 2 * len(levels):
        return None
    oracle, random = data.reshape(2, len(levels))
    return oracle.copy(), random.copy()
