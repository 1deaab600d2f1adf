"""Procgen (Cobbe et al. 2020) as envpool has it, with its level seeds as levels.

envpool makes a batch for a range of levels and starts the next one by itself, a step late. Here an
environment is made anew for the one level that is to be played, which takes some milliseconds, and
nothing is left to bridge.
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
#: Level seeds are 32-bit integers there.
END = 2**31 - 1
ACTIONS = (
    *("LEFT-DOWN", "LEFT", "LEFT-UP", "DOWN", "NOOP", "UP", "RIGHT-DOWN", "RIGHT", "RIGHT-UP"),
    *("D", "A", "W", "S", "Q", "E"),
)


class ProcgenEnv(gym.Env[NDArray[np.uint8], np.int64]):
    """One game; its level is the seed that it is reset with.

    Observation: uint8 ``(3, 64, 64)``. Info, at the end of an episode: ``is_success``, whether the
    level was completed.

    Args:
        game: One of ``GAMES``.
        mode: "easy" or "hard", the distribution of levels.
        center_agent: Whether the picture follows the agent; else it shows the whole level.
        render_mode: "rgb_array" or None.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 15}  # noqa: RUF012

    def __init__(
        self,
        game: str = "coinrun",
        mode: str = "easy",
        center_agent: bool = True,
        render_mode: str | None = None,
    ) -> None:
        for key, value, known in (("game", game, GAMES), ("mode", mode, MODES)):
            if value not in known:
                raise LevelError(f"no Procgen {key} {value!r}{nearest(value, known)}")
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
        """Start the level of this seed; the same again if there is none.

        Raises:
            LevelError: For a seed that Procgen does not take.
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
        seen, _ = self._game.reset()
        self._seen = seen[0]
        return self._seen, {}

    def step(self, action: np.int64) -> tuple[NDArray[np.uint8], float, bool, bool, dict[str, Any]]:
        """One step."""
        seen, reward, terminated, truncated, info = self._game.step(np.array([action], np.int32))
        self._seen = seen[0]
        told = {}
        if terminated[0] or truncated[0]:
            told["is_success"] = bool(info["prev_level_complete"][0])
        return self._seen, float(reward[0]), bool(terminated[0]), bool(truncated[0]), told

    def render(self) -> NDArray[np.uint8]:
        """What is seen, as a picture."""
        picture: NDArray[np.uint8] = self._seen.transpose(1, 2, 0)
        return picture

    @staticmethod
    def get_action_meanings() -> list[str]:
        """Of the actions; what the letters do depends on the game."""
        return list(ACTIONS)
