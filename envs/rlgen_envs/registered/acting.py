"""Action spaces of other packages as those of our families."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from rlgen.errors import LevelError

#: What an action that does nothing is called by environments that name their actions.
IDLE = ("NOOP",)


@dataclass(frozen=True)
class Acting:
    """How a family's actions become an environment's.

    Attributes:
        space: Of the family: counted from 0, or a bounded box of float32.
        give: From its actions to the environment's.
    """

    space: spaces.Discrete | spaces.Box
    give: Callable[[Any], Any]


def acting(space: "gym.Space[Any]", where: str) -> Acting:
    """How an environment's actions are given.

    Args:
        space: Of the environment.
        where: What messages begin with.

    Raises:
        LevelError: If it is neither discrete nor a bounded box of real numbers.
    """
    if isinstance(space, spaces.Discrete):
        first = int(space.start)
        return Acting(spaces.Discrete(int(space.n)), lambda action: first + int(action))
    if not (isinstance(space, spaces.Box) and np.issubdtype(space.dtype, np.floating)):
        raise LevelError(f"{where}: its actions are neither discrete nor real numbers: {space}")
    if not space.is_bounded() or not np.prod(space.shape):
        raise LevelError(f"{where}: its actions have no bounds: {space}")
    low, high, own = space.low, space.high, space.dtype
    box = spaces.Box(low.astype(np.float32), high.astype(np.float32), space.shape, np.float32)

    def give(action: Any) -> Any:
        # What is at an edge in float32 may lie beyond it in float64.
        return np.clip(np.asarray(action, own), low, high)

    return Acting(box, give)


def idle_index(env: "gym.Env[Any, Any]") -> int:
    """The action that an environment calls idle, or -1."""
    meanings: list[str] = getattr(env.unwrapped, "get_action_meanings", list)()
    return next((i for i, said in enumerate(meanings) if said in IDLE), -1)
