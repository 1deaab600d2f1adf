"""Action spaces of other packages, converted into those of families."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from rlgen.errors import LevelError

#: Names of an action that does nothing, in environments that name their actions.
IDLE = ("NOOP",)


@dataclass(frozen=True)
class Acting:
    """A conversion from a family's actions to an environment's.

    Attributes:
        space: The family's action space: counted from 0, or a bounded box of float32.
        give: From the family's actions to the environment's.
    """

    space: spaces.Discrete | spaces.Box
    give: Callable[[Any], Any]


def acting(space: "gym.Space[Any]", where: str) -> Acting:
    """The conversion for an environment's action space.

    Args:
        space: The environment's action space.
        where: The beginning of messages.

    Raises:
        LevelError: If the space is neither discrete nor a bounded box of real numbers.
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
        # A bound in float32 may lie beyond the bound in float64.
        return np.clip(np.asarray(action, own), low, high)

    return Acting(box, give)


def idle_index(env: "gym.Env[Any, Any]") -> int:
    """The index of the action that does nothing, if the environment names one, or -1."""
    meanings: list[str] = getattr(env.unwrapped, "get_action_meanings", list)()
    return next((i for i, meaning in enumerate(meanings) if meaning in IDLE), -1)
