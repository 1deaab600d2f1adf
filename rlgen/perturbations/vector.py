"""Vector environments with a channel in front, for training under a perturbation."""

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from rlgen.errors import ProtocolError
from rlgen.levels.capabilities import masks
from rlgen.perturbations.base import Channel
from rlgen.perturbations.box import BoxChannel
from rlgen.util.seeding import stream


class PerturbedVectorEnv(gym.vector.VectorWrapper):
    """A vector environment whose actions pass through a channel.

    ``info["proposed"]`` and ``info["executed"]`` hold the actions before and after it.

    Args:
        env: A vector environment with same-step reset.
        channel: The channel of the perturbation.
        seed: Seed of the channel's noise.

    Raises:
        ProtocolError: If the environment resets otherwise.
    """

    def __init__(
        self,
        env: "gym.vector.VectorEnv[Any, Any, Any]",
        channel: Channel | BoxChannel,
        seed: int,
    ) -> None:
        if env.metadata.get("autoreset_mode") != AutoresetMode.SAME_STEP:
            raise ProtocolError("perturbations need a vector environment with same-step reset")
        super().__init__(env)
        self._channel: Any = channel
        self._rng = stream(seed, "channel")

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Start all episodes, with new memories."""
        self._memory = self._channel.begin(self.num_envs, self._rng)
        return self.env.reset(seed=seed, options=options)

    def action_masks(self) -> NDArray[np.bool_]:
        """Which actions are valid now, bool ``(N, A)``; see ``Family.masked``."""
        return masks(self.env)

    def step(self, actions: NDArray[Any]) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Pass the actions through the channel and step."""
        executed, self._memory = self._channel.step(self._memory, actions, self._rng)
        observations, rewards, terminated, truncated, info = self.env.step(executed)
        ended = terminated | truncated
        if ended.any():
            # Not in place: the memory may be the caller's array of actions.
            self._memory = self._memory.copy()
            self._memory[ended] = self._channel.begin(self.num_envs, self._rng)[ended]
            info["final_info"]["proposed"] = actions
        info["proposed"] = actions
        return observations, rewards, terminated, truncated, info
