"""Adapter from Gymnasium vector environments to stable-baselines3's ``VecEnv``."""

import time
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray
from stable_baselines3.common.vec_env.base_vec_env import VecEnvObs, VecEnvStepReturn

from rlgen.agents.envs.batch_env import BatchEnv, Step
from rlgen.errors import ProtocolError
from rlgen.levels.capabilities import masks


class VecEnvAdapter(BatchEnv):
    """A Gymnasium vector environment as a ``VecEnv``; both reset within the step.

    ``infos[i]`` is empty except where an episode has just ended: there it holds
    ``terminal_observation``, ``TimeLimit.truncated``, stable-baselines3's ``episode`` summary
    (return ``r`` before clipping, length ``l``, time ``t``), and the environment's final info.

    Args:
        env: A vector environment that resets within the step.
        reward_clip: Rewards are clipped to plus or minus this for learning; 0 does not clip.
        masked: Whether it says which actions are valid.
    """

    def __init__(
        self,
        env: "gym.vector.VectorEnv[Any, Any, Any]",
        reward_clip: float = 0.0,
        *,
        masked: bool = False,
    ) -> None:
        if env.metadata.get("autoreset_mode") != AutoresetMode.SAME_STEP:
            raise ProtocolError("stable-baselines3 needs a vector environment with same-step reset")
        self.env, self.masked = env, masked
        self.reward_clip = reward_clip
        self._returns = np.zeros(env.num_envs)
        self._lengths = np.zeros(env.num_envs, np.int64)
        self._began = time.time()
        self._actions: NDArray[Any] = np.zeros(env.num_envs, np.int64)
        super().__init__(env.num_envs, env.single_observation_space, env.single_action_space)

    def reset(self) -> VecEnvObs:
        """Start all episodes, with the seed set by ``seed``, if any."""
        observations, _ = self.env.reset(seed=self._seeds[0])
        self._reset_seeds()
        self._returns[:] = 0
        self._lengths[:] = 0
        return observations  # type: ignore[no-any-return]

    def action_masks(self) -> NDArray[np.bool_]:
        """See ``BatchEnv``."""
        return masks(self.env) if self.masked else super().action_masks()

    def step_async(self, actions: NDArray[Any]) -> None:
        """Keep the actions for ``step_wait``."""
        self._actions = actions

    def step_wait(self) -> VecEnvStepReturn:
        """One step of every environment."""
        observations, rewards, terminated, truncated, info = self.env.step(self._actions)
        self._returns += rewards
        self._lengths += 1
        dones = terminated | truncated
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        for i in dones.nonzero()[0]:
            final = {k: v[i] for k, v in info["final_info"].items() if not k.startswith("_")}
            infos[i] = final | {
                "terminal_observation": info["final_obs"][i],
                "TimeLimit.truncated": bool(truncated[i] and not terminated[i]),
                "episode": {
                    "r": float(self._returns[i]),
                    "l": int(self._lengths[i]),
                    "t": round(time.time() - self._began, 6),
                },
            }
        self._returns[dones] = 0
        self._lengths[dones] = 0
        return observations, self._for_learning(rewards), dones, infos

    def advance(self, actions: torch.Tensor) -> Step:
        """Step every environment, with tensors and without info."""
        observations, rewards, terminated, truncated, info = self.env.step(actions.cpu().numpy())

        def there(array: NDArray[Any]) -> torch.Tensor:
            return torch.from_numpy(array).to(actions.device)

        cut = (truncated & ~terminated).nonzero()[0]
        last = [info["final_obs"][i] for i in cut]
        return Step(
            there(observations),
            there(self._for_learning(rewards)),
            there(terminated | truncated),
            (there(cut), there(np.stack(last))) if last else None,
        )

    def _for_learning(self, rewards: NDArray[np.float64]) -> NDArray[np.float32]:
        if self.reward_clip:
            rewards = np.clip(rewards, -self.reward_clip, self.reward_clip)
        return rewards.astype(np.float32)

    def close(self) -> None:
        """Close the environments."""
        self.env.close()
