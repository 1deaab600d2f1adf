"""Atari games with mode, difficulty and no-op starts as level content.

The games of the Arcade Learning Environment have flavours: modes and difficulties that change the
rules a little (Farebrother et al. 2018 train on one and test on others). A level's id is
``flavour * BLOCK + no-ops``: which of the game's flavours, counted through its modes and within
them through its difficulties, and how many times nothing is done before the agent acts, from 0 to
30 (Mnih et al. 2015). The emulator is deterministic: such a level is always the same.
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
    """Starts the flavour and the no-ops that a level's id names.

    Observation: uint8 ``(4, 84, 84)``, the last four frames, grey. One step is four frames, as in
    Mnih et al. 2015; no action sticks but those that a condition makes stick.

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
        """Start the level of this id.

        Raises:
            LevelError: If there is no such flavour, or too many no-ops.
        """
        flavour, noops = divmod(seed or 0, BLOCK)
        if flavour >= len(self.flavours) or noops > MOST_NOOPS:
            raise LevelError(
                f"level {seed}: must be flavour * {BLOCK} + no-ops, with a flavour from 0 to "
                f"{len(self.flavours) - 1} and from 0 to {MOST_NOOPS} no-ops"
            )
        game: Any = self.env.unwrapped
        game._game_mode, game._game_difficulty = self.flavours[flavour]
        # The emulator's own seed decides nothing that is left.
        observation, info = self.env.reset(seed=0, options=options)
        for _ in range(noops):
            observation, _, terminated, truncated, info = self.env.step(np.int64(0))
            if terminated or truncated:
                raise LevelError(f"level {seed}: the game ends within its no-ops")
        return observation, info

    def get_action_meanings(self) -> list[str]:
        """Of the game."""
        game: Any = self.env.unwrapped
        told: list[str] = game.get_action_meanings()
        return told


def make(game: str = "Breakout", render_mode: str | None = None) -> AtariLevels:
    """The Gymnasium entry point.

    Args:
        game: As the ALE calls it, such as "Breakout" or "SpaceInvaders".
        render_mode: "rgb_array" or None.
    """
    try:
        import ale_py
    except ImportError:
        raise LevelError("Atari needs the package ale_py: pip install 'rlgen[atari]'") from None
    gym.register_envs(ale_py)
    # Its banner is printed for every environment.
    ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)
    known = [
        spec.removeprefix("ALE/").removesuffix("-v5") for spec in gym.registry if "ALE/" in spec
    ]
    if game not in known:
        raise LevelError(f"no Atari game {game!r}{nearest(game, known)}")
    raw = gym.make(
        f"ALE/{game}-v5",
        frameskip=1,
        repeat_action_probability=0.0,
        render_mode=render_mode,
        disable_env_checker=True,
    )
    seen = AtariPreprocessing(raw, noop_max=0, frame_skip=FRAME_SKIP, screen_size=SIDE)
    return AtariLevels(FrameStackObservation(seen, STACK))
