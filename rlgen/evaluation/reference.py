"""Returns of the planner and the random agent on each level: scores 1 and 0 (method 2.1)."""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rlgen.evaluation import exact, planner, rollout
from rlgen.levels.capabilities import Tabular
from rlgen.levels.family import Family, Levels
from rlgen.perturbations.condition import Condition
from rlgen.policies.base import restricted
from rlgen.policies.functions import uniform_policy
from rlgen.util.files import write_bytes
from rlgen.util.hashing import digest

Floats = NDArray[np.float64]
Pair = tuple[Floats, Floats]

#: Incremented whenever the same levels and condition would give other numbers.
VERSION = 1


def returns(
    family: Family,
    levels: Levels,
    conditions: Sequence[Condition],
    cache: Path | None = None,
    *,
    episodes: int = rollout.EPISODES,
) -> dict[str, Pair]:
    """Expected returns of the planner and of the uniformly random agent.

    Where they cannot be computed but the best possible return is known, that is used in place of
    the planner's, and the random agent's mean return over the levels, estimated from rollouts, is
    used for each of them. The planner does not know of the perturbation (method 3.2). Changes of
    the policy (greedy, temperature) have no effect on the random agent, which is uniform.

    Args:
        family: Family of the levels.
        levels: ``L`` levels.
        conditions: The conditions.
        cache: A folder for results: test levels are the same for every run of a study.
        episodes: Episodes of the random agent on each level where returns cannot be computed.

    Returns:
        By condition name, ``(planner, random)``, each ``(L,)``; empty if the levels are not
        tabular and their best return is not known.
    """
    if not len(levels):
        return {}
    tabular = isinstance(family, Tabular)
    if not (tabular or np.isfinite(family.return_bounds()).all()):
        return {}
    by_world: dict[str, list[Condition]] = {}
    for condition in conditions:
        by_world.setdefault(condition.without_policy.name, []).append(condition)
    worlds = [Condition.parse(name) for name in by_world]
    played = 0 if tabular else episodes
    files = {w.name: cache and _file(family, levels, w, played, cache) for w in worlds}
    pairs = {name: _cached(file, len(levels)) for name, file in files.items()}
    missing = [world for world in worlds if pairs[world.name] is None]
    computed = (
        _compute(family, family.noop, levels, missing)
        if isinstance(family, Tabular)
        else _play(family, levels, missing, episodes)
    )
    for name, pair in computed.items():
        pairs[name] = pair
        file = files[name]
        if file is not None:
            with suppress(OSError):  # nobody needs the cache
                file.parent.mkdir(parents=True, exist_ok=True)
                data = np.stack(pair).tobytes()
                write_bytes(file, hashlib.sha256(data).digest() + data)
    results = {name: pair for name, pair in pairs.items() if pair is not None}
    return {c.name: results[world] for world, members in by_world.items() for c in members}


def _compute(
    family: Tabular, noop: int | None, levels: Levels, worlds: Sequence[Condition]
) -> dict[str, Pair]:
    if not worlds:
        return {}
    parts: dict[str, list[Pair]] = {world.name: [] for world in worlds}
    for tabular in exact.chunks(family, levels):
        n_actions = tabular.n_actions
        planned = planner.plan(tabular).probabilities(n_actions)
        uniform = np.full((tabular.n_states, n_actions), 1 / n_actions)
        if tabular.valid is not None:
            uniform = restricted(uniform, tabular.valid)
        best = exact.solve(tabular, planned, worlds, noop)
        random = exact.solve(tabular, uniform, worlds, noop)
        for name, part in parts.items():
            part.append((best[name].ret_mean, random[name].ret_mean))
    return {
        name: (np.concatenate([b for b, _ in part]), np.concatenate([r for _, r in part]))
        for name, part in parts.items()
    }


def _play(
    family: Family, levels: Levels, worlds: Sequence[Condition], episodes: int
) -> dict[str, Pair]:
    random = rollout.evaluate(uniform_policy(family), family, levels, worlds, episodes=episodes)
    best = np.full(len(levels), family.return_bounds()[1])
    # Not the mean of each level: it may be the best return by chance, which leaves no scale.
    return {
        name: (best, np.full(len(levels), outcome.ret_mean.mean()))
        for name, outcome in random.items()
    }


def _file(family: Family, levels: Levels, world: Condition, episodes: int, cache: Path) -> Path:
    key = {
        "version": VERSION,
        "family": [family.name, family.version, dict(family.options)],
        # An environment whose code has changed earns other returns under the same name.
        **({"source": family.source} if family.source else {}),
        **({"made of": dict(family.made_of)} if family.made_of else {}),
        **({"masked": True} if family.masked else {}),
        "levels": levels.content_hash(),
        "condition": world.name,
    }
    return cache / f"{digest(key | {'episodes': episodes} if episodes else key)}.returns"


def _cached(file: Path | None, n: int) -> Pair | None:
    """What is in a file of the cache; None if it is not there, or damaged."""
    if file is None or not file.is_file():
        return None
    try:
        size = hashlib.sha256().digest_size
        if file.stat().st_size != size + 2 * n * np.dtype(np.float64).itemsize:
            return None
        data = file.read_bytes()
    except OSError:
        return None
    own, values = data[:size], data[size:]
    if len(values) != 2 * n * np.dtype(np.float64).itemsize:
        return None
    if hashlib.sha256(values).digest() != own:
        return None
    oracle, random = np.frombuffer(values).reshape(2, n)
    return oracle.copy(), random.copy()
