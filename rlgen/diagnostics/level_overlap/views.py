"""What levels show: their first observations, as hashes that are equal where these are."""

import copy
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from rlgen.levels.family import Family, Levels
from rlgen.util.seeding import library_seed, stream

#: Levels that are looked at twice, to see whether an id decides what a level shows.
TWICE = 8


@dataclass(frozen=True)
class Shown:
    """What the levels of a pool show.

    Attributes:
        ids: ``(L,)``.
        marks: One SHA-256 hex digest a level, of its first observations.
        first: First observations ``(L, ...)``; None unless they are arrays of one shape.
        stable: Whether levels that were looked at twice showed the same.
    """

    ids: NDArray[np.int64]
    marks: list[str]
    first: NDArray[Any] | None
    stable: bool


def show(
    family: Family, levels: Levels, *, observations: int = 1, seed: int = 0, keep: bool = True
) -> Shown:
    """Look at every level.

    Args:
        family: Whose levels they are.
        levels: ``L`` levels.
        observations: How many of each are compared: the first, and those after each of
            ``observations - 1`` actions, which are the same in all levels. An episode may end
            before.
        seed: Of the actions.
        keep: Whether first observations are kept; a hundred thousand pictures fill a memory.
    """
    actions = action_sequence(family.action_space, observations - 1, seed)
    env = family.env(levels)
    try:
        looks = (_look(env, int(level), actions) for level in levels.ids)
        seen = [(mark, first if keep else None) for mark, first in looks]
        again = [_look(env, int(level), actions)[0] for level in levels.ids[:TWICE]]
    finally:
        env.close()
    marks = [mark for mark, _ in seen]
    stacked = _stacked([first for _, first in seen]) if keep else None
    return Shown(levels.ids, marks, stacked, again == marks[:TWICE])


def action_sequence(space: "gym.Space[Any]", length: int, seed: int) -> list[Any]:
    """Actions that do not depend on the level."""
    if isinstance(space, gym.spaces.Discrete):
        drawn = stream(seed, "audit", "actions").integers(int(space.n), size=length)
        return [np.int64(int(space.start) + int(action)) for action in drawn]
    own = copy.deepcopy(space)
    own.seed(library_seed(seed, "audit", "actions"))
    return [own.sample() for _ in range(length)]


def _look(env: "gym.Env[Any, Any]", level: int, actions: list[Any]) -> tuple[str, Any]:
    """Mark and first observation of a level."""
    digest = hashlib.sha256()
    first, _ = env.reset(options={"level": level})
    first = copy.deepcopy(first)  # some environments paint into one array for ever
    _feed(digest, first)
    for action in actions:
        observation, _, terminated, truncated, _ = env.step(action)
        _feed(digest, observation)
        if terminated or truncated:
            break
    return digest.hexdigest(), first


def _feed(digest: Any, observation: Any) -> None:
    """Add an observation to a hash, with its structure, so that no two share one text."""
    if isinstance(observation, Mapping):
        digest.update(f"{{{len(observation)}".encode())
        for name in sorted(observation, key=str):
            digest.update(f"{name!r}:".encode())
            _feed(digest, observation[name])
    elif isinstance(observation, tuple | list):
        digest.update(f"({len(observation)}".encode())
        for part in observation:
            _feed(digest, part)
    elif isinstance(observation, str):
        digest.update(f"{observation!r}".encode())
    else:
        array = np.ascontiguousarray(observation)
        digest.update(f"[{array.dtype.str}{array.shape}".encode())
        digest.update(array.tobytes())


def _stacked(observations: list[Any]) -> NDArray[Any] | None:
    if not observations or not all(isinstance(each, np.ndarray) for each in observations):
        return None
    shapes = {(each.shape, each.dtype.str) for each in observations}
    return np.stack(observations) if len(shapes) == 1 else None
