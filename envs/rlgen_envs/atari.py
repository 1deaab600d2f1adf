"""Atari games whose levels are modes, difficulties and no-op starts.

The games of the Arcade Learning Environment have flavours: modes and difficulties that change the
rules a little (Farebrother et al. 2018 train on one and test on others). A level's id is
``flavour * BLOCK + no-ops``: the index of the flavour, counted through the game's modes and within
them through its difficulties, and the number of no-ops before the agent acts, from 0 to 30 (Mnih et
al. 2015). The emulator is deterministic, so that a level is always the same.
"""

from itertools import product
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.wrappers import AtariPreprocessing, FrameStackObservation
from numpy.typing import NDArray

from rlgen.errors import LevelError, nearest

BLOCK = 1000
MOST_NOOPS = 30
FRAME_SKIP, STACK, SIDE = 4, 4, 84


class AtariLevels(gym.Wrapper[NDArray[np.uint8], np.int64, NDArray[np.uint8], np.int64]):
    """An Atari game that is reset to the flavour and the no-ops of a level's id.

    Observation: uint8 ``(4, 84, 84)``, the last four frames in grey. One step is four frames, as in
    Mnih et al. 2015; actions are not sticky unless a condition makes them so.

    Args:
        env: The preprocessed game.
    """

    def __init__(self, env: "gym.Env[Any, Any]") -> None:
        super().__init__(env)
        game: Any = env.unwrapped
        self.flavours = list(
            product(game.ale.getAvailableModes(), game.ale.getAvailableDifficulties())
        )

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.uint8], dict[str, Any]]:
        """Start the level whose id is the seed.

        Raises:
            LevelError: If there is no such flavour, or there are too many no-ops.
        """
        flavour, noops = divmod(seed or 0, BLOCK)
        if flavour >= len(self.flavours) or noops > MOST_NOOPS:
            raise LevelError(
                f"level {seed}: must be flavour * {BLOCK} + no-ops, with a flavour from 0 to "
                f"{len(self.flavours) - 1} and from 0 to {MOST_NOOPS} no-ops"
            )
        game: Any = self.env.unwrapped
        game._game_mode, game._game_difficulty = self.flavours[flavour]
        # The emulator's own seed has no effect.
        observation, info = self.env.reset(seed=0, options=options)
        for _ in range(noops):
            observation, _, terminated, truncated, info = self.env.step(np.int64(0))
            if terminated or truncated:
                raise LevelError(f"level {seed}: the game ends within its no-ops")
        return observation, info

    def get_action_meanings(self) -> list[str]:
        """The names of the game's actions."""
        game: Any = self.env.unwrapped
        meanings: list[str] = game.get_action_meanings()
        return meanings


def make(game: str = "Breakout", render_mode: str | None = None) -> AtariLevels:
    """The Gymnasium entry point.

    Args:
        game: The ALE's name of the game, such as "Breakout" or "SpaceInvaders".
        render_mode: "rgb_array" or None.

    Raises:
        LevelError: If the package is missing, or has no such game.
    """
    try:
        import ale_py
    except ImportError:
        raise LevelError("Atari needs the package ale_py: pip install 'rlgen[atari]'") from None
    gym.register_envs(ale_py)
    # Otherwise a banner is printed for every environment.
    ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)
    games = [
        spec.removeprefix("ALE/").removesuffix("-v5") for spec in gym.registry if "ALE/" in spec
    ]
    if game not in games:
        raise LevelError(f"no Atari game {game!r}{nearest(game, games)}")
    raw = gym.make(
        f"ALE/{game}-v5",
        frameskip=1,
        repeat_action_probability=0.0,
        render_mode=render_mode,
        disable_env_checker=True,
    )
    frames = AtariPreprocessing(raw, noop_max=0, frame_skip=FRAME_SKIP, screen_size=SIDE)
    return AtariLevels(FrameStackObservation(frames, STACK))
