"""Views of levels: hashes of their first observations."""

import copy
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from rlgen.levels.capabilities import masks
from rlgen.levels.family import Family, Levels
from rlgen.util.seeding import library_seed, stream

#: Levels that are viewed twice, to test whether the id determines the level.
TWICE = 8


@dataclass(frozen=True)
class Views:
    """The views of a pool's levels.

    Attributes:
        ids: ``(L,)``.
        marks: One SHA-256 hex digest per level, of its first observations.
        first: First observations ``(L, ...)``; None unless they are arrays of one shape.
        stable: Whether levels that were viewed twice looked the same.
    """

    ids: NDArray[np.int64]
    marks: list[str]
    first: NDArray[Any] | None
    stable: bool


def show(
    family: Family, levels: Levels, *, observations: int = 1, seed: int = 0, keep: bool = True
) -> Views:
    """View every level.

    Args:
        family: Of the levels.
        levels: ``L`` levels.
        observations: The number per level: the first, and those after each of
            ``observations - 1`` actions, the same in all levels. An episode may end earlier.
        seed: Of the actions.
        keep: Whether to keep first observations, which for many pictures takes much memory.
    """
    actions = action_sequence(family.action_space, observations - 1, seed)
    env = family.env(levels)
    try:
        view = partial(_view, env, actions, masked=family.masked)
        viewed = (view(int(level)) for level in levels.ids)
        kept = [(mark, first if keep else None) for mark, first in viewed]
        again = [view(int(level))[0] for level in levels.ids[:TWICE]]
    finally:
        env.close()
    marks = [mark for mark, _ in kept]
    stacked = _stacked([first for _, first in kept]) if keep else None
    return Views(levels.ids, marks, stacked, again == marks[:TWICE])


def action_sequence(space: "gym.Space[Any]", length: int, seed: int) -> list[Any]:
    """A sequence of actions that does not depend on the level."""
    if isinstance(space, gym.spaces.Discrete):
        drawn = stream(seed, "audit", "actions").integers(int(space.n), size=length)
        return [np.int64(int(space.start) + int(action)) for action in drawn]
    own = copy.deepcopy(space)
    own.seed(library_seed(seed, "audit", "actions"))
    return [own.sample() for _ in range(length)]


def _view(
    env: "gym.Env[Any, Any]", actions: list[Any], level: int, *, masked: bool
) -> tuple[str, Any]:
    """Mark and first observation of a level."""
    digest = hashlib.sha256()
    first, _ = env.reset(options={"level": level})
    first = copy.deepcopy(first)  # some environments reuse one array
    _feed(digest, first)
    for action in actions:
        played = _allowed(env, action) if masked else action
        observation, _, terminated, truncated, _ = env.step(played)
        _feed(digest, observation)
        if terminated or truncated:
            break
    return digest.hexdigest(), first


def _allowed(env: "gym.Env[Any, Any]", action: np.int64) -> np.int64:
    """The action, or one that is valid in its place."""
    valid = masks(env).nonzero()[0]
    return valid[int(action) % len(valid)] if len(valid) else action


def _feed(digest: Any, observation: Any) -> None:
    """Add an observation and its structure to a hash, so that no two have the same input."""
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
