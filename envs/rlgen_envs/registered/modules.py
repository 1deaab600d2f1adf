"""The code that an environment is made of."""

from collections.abc import Iterator
from typing import Any

import gymnasium as gym

from rlgen_envs.games import Games


def modules_of(env: "gym.Env[Any, Any]") -> Iterator[str]:
    """The modules of the classes of an environment, its wrappers, and the games of one of several.

    Example:
        >>> sorted(set(modules_of(gym.make("CartPole-v1").unwrapped)) - {"typing"})
        ['gymnasium.core', 'gymnasium.envs.classic_control.cartpole']
    """
    yield from (cls.__module__ for cls in type(env).__mro__ if cls is not object)
    inner = [env.env] if isinstance(env, gym.Wrapper) else []
    for each in [*inner, *(env.members if isinstance(env, Games) else ())]:
        yield from modules_of(each)
