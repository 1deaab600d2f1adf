"""Test that the levels of an environment are decided by their seeds."""

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from rlgen.errors import LevelError, one_line
from rlgen_envs.registered.env import LevelEnv

#: Number of steps that are compared.
STEPS = 20


def check(env: LevelEnv, ids: Sequence[int]) -> None:
    """Play each level twice, with the same actions.

    Args:
        env: An environment of the family.
        ids: Ids of the levels.

    Raises:
        LevelError: If observations or rewards differ, or the environment raises.
    """
    first, second = ([_played(env, level) for level in ids] for _ in range(2))
    for level, one, other in zip(ids, first, second, strict=True):
        for t, (numbers, again) in enumerate(zip(one, other, strict=False)):
            if not np.array_equal(numbers, again, equal_nan=True):
                how = f"step {t} under the same actions" if t else "the first observation"
                raise LevelError(
                    f"{env.name}: its levels are not decided by their seeds: after two resets "
                    f"with seed {level}, {how} differed"
                )
        if len(one) != len(other):
            raise LevelError(
                f"{env.name}: its levels are not decided by their seeds: of two episodes with "
                f"seed {level} and the same actions one was longer"
            )


def _played(env: LevelEnv, level: int) -> list[NDArray[np.float64]]:
    """The observations and rewards of a level's first steps."""
    steps: list[NDArray[np.float64]] = []
    try:
        observation, _ = env.reset(options={"level": level})
        steps.append(observation.astype(np.float64).ravel())
        for t in range(STEPS):
            observation, reward, terminated, truncated, _ = env.step(_tried(env.action_space, t))
            steps.append(np.append(observation.astype(np.float64).ravel(), reward))
            if terminated or truncated:
                break
    except LevelError:
        raise
    except Exception as error:
        # The environment is the user's: anything can go wrong in it.
        where = f"step {len(steps)}" if steps else "its reset"
        raise LevelError(
            f"{env.name}: level {level}: {where} raised {type(error).__name__}: {one_line(error)}"
        ) from error
    return steps


def _tried(space: "gym.Space[Any]", t: int) -> Any:
    """A fixed sequence of actions, as any will do."""
    if isinstance(space, gym.spaces.Box):
        return space.low + np.float32((t * 7 + 1) % 11 / 10) * (space.high - space.low)
    assert isinstance(space, gym.spaces.Discrete)
    return np.int64((t * 7 + 1) % int(space.n))
