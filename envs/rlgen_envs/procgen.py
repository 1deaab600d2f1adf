"""Procgen (Cobbe et al. 2020) from the package envpool; levels are its level seeds.

envpool makes a batch for a range of levels and starts the next level by itself, a step late. Here a
new environment is made for each level, which takes a few milliseconds.
"""

from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from rlgen.errors import LevelError, nearest

GAMES = (
    "bigfish",
    "bossfight",
    "caveflyer",
    "chaser",
    "climber",
    "coinrun",
    "dodgeball",
    "fruitbot",
    "heist",
    "jumper",
    "leaper",
    "maze",
    "miner",
    "ninja",
    "plunder",
    "starpilot",
)
MODES = ("easy", "hard")
#: Level seeds are 32-bit integers.
END = 2**31 - 1
ACTIONS = (
    *("LEFT-DOWN", "LEFT", "LEFT-UP", "DOWN", "NOOP", "UP", "RIGHT-DOWN", "RIGHT", "RIGHT-UP"),
    *("D", "A", "W", "S", "Q", "E"),
)


class ProcgenEnv(gym.Env[NDArray[np.uint8], np.int64]):
    """One game of Procgen; the seed of ``reset`` is the level.

    Observation: uint8 ``(3, 64, 64)``. Info, at the end of an episode: ``is_success``, whether the
    level was completed.

    Args:
        game: One of ``GAMES``.
        mode: "easy" or "hard", the distribution of levels.
        center_agent: Whether the picture follows the agent; otherwise it shows the whole level.
        render_mode: "rgb_array" or None.

    Raises:
        LevelError: For an unknown game or mode, or if envpool cannot be imported.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 15}  # noqa: RUF012

    def __init__(
        self,
        game: str = "coinrun",
        mode: str = "easy",
        center_agent: bool = True,
        render_mode: str | None = None,
    ) -> None:
        for key, value, names in (("game", game, GAMES), ("mode", mode, MODES)):
            if value not in names:
                raise LevelError(f"no Procgen {key} {value!r}{nearest(value, names)}")
        try:
            import envpool
        except ImportError as error:
            raise LevelError(
                "Procgen needs the package envpool (pip install 'rlgen[procgen]') and Debian's "
                f"libqt5gui5: {error}"
            ) from None
        self._make = envpool.make
        self._id = f"{game.capitalize()}{mode.capitalize()}-v0"
        self._center_agent = bool(center_agent)
        self.render_mode = render_mode
        self.observation_space = gym.spaces.Box(0, 255, (3, 64, 64), np.uint8)
        self.action_space = gym.spaces.Discrete(len(ACTIONS))

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.uint8], dict[str, Any]]:
        """Start the level of this seed; without a seed, the previous level again.

        Raises:
            LevelError: For a seed that is out of Procgen's range.
        """
        super().reset(seed=seed, options=options)
        if seed is not None:
            if seed >= END:
                raise LevelError(f"level {seed}: Procgen's levels are from 0 to {END - 1}")
            self._level = seed
        self._game = self._make(
            self._id,
            env_type="gymnasium",
            num_envs=1,
            num_threads=1,
            num_levels=1,
            start_level=self._level,
            center_agent=self._center_agent,
        )
        observations, _ = self._game.reset()
        self._observation = observations[0]
        return self._observation, {}

    def step(self, action: np.int64) -> tuple[NDArray[np.uint8], float, bool, bool, dict[str, Any]]:
        """One step."""
        observations, rewards, terminated, truncated, infos = self._game.step(
            np.array([action], np.int32)
        )
        self._observation = observations[0]
        ends, cut, info = bool(terminated[0]), bool(truncated[0]), {}
        if ends or cut:
            info["is_success"] = bool(infos["prev_level_complete"][0])
        return self._observation, float(rewards[0]), ends, cut, info

    def render(self) -> NDArray[np.uint8]:
        """The observation as a picture, uint8 ``(64, 64, 3)``."""
        picture: NDArray[np.uint8] = self._observation.transpose(1, 2, 0)
        return picture

    @staticmethod
    def get_action_meanings() -> list[str]:
        """The names of the actions; the effect of letters depends on the game."""
        return list(ACTIONS)
