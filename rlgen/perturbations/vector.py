"""A channel between an agent and a vector environment, for training under a perturbation."""

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from rlgen.errors import ProtocolError
from rlgen.perturbations.base import Channel
from rlgen.seeding import stream


class PerturbedVectorEnv(gym.vector.VectorWrapper):
    """Executes what the channel makes of the proposed actions.

    ``info["proposed"]`` and ``info["executed"]`` tell them apart.

    Args:
        env: Discrete actions, same-step reset.
        channel: The perturbation.
        seed: Of the channel's noise.
    """

    def __init__(
        self, env: "gym.vector.VectorEnv[Any, Any, Any]", channel: Channel, seed: int
    ) -> None:
        if env.metadata.get("autoreset_mode") != AutoresetMode.SAME_STEP:
            raise ProtocolError("perturbations need a vector environment with same-step reset")
        super().__init__(env)
        self._channel = channel
        self._rng = stream(seed, "channel")

    def _fresh(self) -> NDArray[np.int64]:
        start = self._channel.start
        return self._rng.choice(len(start), size=self.num_envs, p=start)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Start all episodes, with fresh memories."""
        self._memory = self._fresh()
        return self.env.reset(seed=seed, options=options)

    def step(self, actions: NDArray[np.int64]) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Pass the actions through the channel and step."""
        noise = self._rng.choice(len(self._channel.noise), self.num_envs, p=self._channel.noise)
        executed, self._memory = self._channel.apply(self._memory, actions, noise)
        observations, rewards, terminated, truncated, info = self.env.step(executed)
        ended = terminated | truncated
        if ended.any():
            # Not in place: the memory may be the very array of actions that we were given.
            self._memory = np.where(ended, self._fresh(), self._memory)
            info["final_info"]["proposed"] = actions
        info["proposed"] = actions
        return observations, rewards, terminated, truncated, info
