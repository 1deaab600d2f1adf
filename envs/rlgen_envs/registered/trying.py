"""Test that the levels of an environment are decided by their seeds."""

import hashlib
import math
import time
import warnings
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from rlgen.errors import LevelError, RlgenWarning
from rlgen.util.seeding import stream
from rlgen_envs.registered.env import RegisteredEnv

#: Steps that are compared on the first level, unless its episode ends before, and on the others.
WHOLE, PART = 1000, 20
#: After this many seconds the first level has been played for long enough.
SECONDS = 5.0
#: The fewest levels of which "all are alike" is believed.
SEVERAL = 4


def check(make: Callable[[], RegisteredEnv], ids: Sequence[int]) -> None:
    """Play levels with the same actions: again, and in two instances in turn.

    Two instances find what is drawn when an environment is made, and global generators. The first
    level is played to the end of an episode.

    Args:
        make: Makes an environment of the family.
        ids: Ids of the levels; some may stand twice.

    Raises:
        LevelError: If observations or rewards differ, levels do not, or the environment raises.
    """
    one, other = make(), make()
    ids = list(dict.fromkeys(ids))
    try:
        starts = []
        for n, level in enumerate(ids):
            alone = _alone(one, level, WHOLE if n == 0 else PART, SECONDS)
            steps = max(len(alone) - 1, 1)
            _compare(one, level, alone, _alone(one, level, steps), "after two resets")
            for again in _in_turn(one, other, level, steps):
                if again != alone:
                    second = _alone(other, level, steps)
                    _compare(one, level, alone, second, "in a second instance of it, after a reset")
                    _compare(one, level, alone, again, "in two instances played in turn, reset")
            starts.append(tuple(alone[:PART]))
            if n == 0 and steps >= WHOLE and one.unlimited:
                warnings.warn(
                    f"{one.name}: level {level}: the episode had not ended after {steps:,} steps, "
                    f"and no time limit is known: episodes are cut after {one.limit:,} steps "
                    "(another limit: the option time_limit)",
                    RlgenWarning,
                    stacklevel=2,
                )
        _check_differences(one, ids, starts)
    finally:
        one.close()
        other.close()


def _check_differences(env: RegisteredEnv, ids: Sequence[int], starts: Sequence[Hashable]) -> None:
    """Refuse levels that are all alike, and name the first two of several that are.

    Those that begin alike are compared over whole episodes.
    """
    marks = list(starts)
    for start in set(starts):
        alike = [n for n, other in enumerate(starts) if other == start]
        if len(alike) > 1:
            steps = max(len(_alone(env, ids[alike[0]], WHOLE, SECONDS)) - 1, 1)
            for n in alike:
                marks[n] = tuple(_alone(env, ids[n], steps))
    if len(ids) >= SEVERAL and len(set(marks)) == 1:
        few = ", ".join(map(str, ids[:SEVERAL]))
        raise LevelError(
            f"{env.name}: its seeds decide nothing: all {len(ids)} levels tried ({few}, ...) show "
            "and pay the same under the same actions, so that there is no other level to "
            "generalise to"
        )
    if len(set(marks)) < len(marks):
        again = next(n for n, mark in enumerate(marks) if mark in marks[:n])
        warnings.warn(
            f"{env.name}: levels {ids[marks.index(marks[again])]} and {ids[again]} show and pay "
            f"the same under the same actions, and of {len(ids)} levels tried {len(set(marks))} "
            "differ: a held-out level may be a training level under another seed, so that gaps "
            "look smaller than they are",
            RlgenWarning,
            stacklevel=3,
        )


def _compare(
    env: RegisteredEnv, level: int, expected: list[bytes], marks: list[bytes], how: str
) -> None:
    """Refuse an episode that differs from the first with the same seed and actions."""
    about = f"{env.name}: its levels are not decided by their seeds: {how} with seed {level}, "
    for t, (mark, again) in enumerate(zip(expected, marks, strict=False)):
        if mark != again:
            what = f"step {t} under the same actions" if t else "the first observation"
            raise LevelError(f"{about}{what} differed")
    if len(expected) != len(marks):
        raise LevelError(f"{about}an episode with the same actions ended at another step")


def _alone(env: RegisteredEnv, level: int, steps: int, seconds: float = math.inf) -> list[bytes]:
    """Hashes of the first observation, and of observation and reward in each step."""
    began = time.monotonic()
    player = _Player(env, level)
    while player.steps < steps and not player.ended and time.monotonic() - began < seconds:
        player.step()
    return player.marks


def _in_turn(
    one: RegisteredEnv, other: RegisteredEnv, level: int, steps: int
) -> tuple[list[bytes], list[bytes]]:
    """The same level in two instances, a step in each in turn."""
    players = _Player(one, level), _Player(other, level)
    for _ in range(steps):
        for player in players:
            if not player.ended:
                player.step()
    return players[0].marks, players[1].marks


class _Player:
    """One episode with a fixed sequence of actions."""

    def __init__(self, env: RegisteredEnv, level: int) -> None:
        self._env = env
        self._rng = stream(0, "trial actions")
        self.steps, self.ended = 0, False
        self.marks: list[bytes] = []
        observation, _ = env.reset(options={"level": level})
        self._note(observation)

    def step(self) -> None:
        self.steps += 1
        action = _drawn(self._env.action_space, self._rng, self._valid)
        observation, reward, terminated, truncated, _ = self._env.step(action)
        self.ended = terminated or truncated
        self._note(observation, reward)

    def _note(self, observation: Any, reward: float = 0.0) -> None:
        """Mark what the level shows and pays, and which actions it allows."""
        masked = self._env.masked and not self.ended
        self._valid = self._env.action_masks() if masked else None
        self.marks.append(_mark(observation, reward, self._valid))


def _mark(observation: Any, reward: float, valid: NDArray[np.bool_] | None) -> bytes:
    digest = hashlib.blake2b(np.ascontiguousarray(observation).tobytes(), digest_size=16)
    digest.update(np.float64(reward).tobytes())
    if valid is not None:
        digest.update(valid.tobytes())
    return digest.digest()


def _drawn(
    space: "gym.Space[Any]", rng: np.random.Generator, valid: NDArray[np.bool_] | None
) -> Any:
    if isinstance(space, gym.spaces.Box):
        return space.low + rng.random(space.shape, np.float32) * (space.high - space.low)
    assert isinstance(space, gym.spaces.Discrete)
    if valid is None:
        return rng.integers(int(space.n))
    if not valid.any():
        raise LevelError("no action is valid where the episode goes on")
    return rng.choice(valid.nonzero()[0])
