"""On-policy rollouts of stable-baselines3 whose every step is of all environments at once.

Its own loop makes a dictionary an environment and step, and takes observations through numpy.
What is learnt from a rollout, and how, is stable-baselines3's.
"""

from collections.abc import Generator
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3 import A2C, PPO
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.type_aliases import RolloutBufferSamples
from stable_baselines3.common.vec_env import VecEnv

from rlgen.agents.envs.batch_env import BatchEnv


class Rollouts(RolloutBuffer):
    """``T`` steps of ``N`` environments as tensors on the learner's device."""

    def reset(self) -> None:
        """Start anew; what was collected before is overwritten."""
        if not hasattr(self, "seen"):
            shape = (self.buffer_size, self.n_envs)
            dtype = torch.from_numpy(np.zeros(0, self.observation_space.dtype)).dtype
            self.seen = torch.empty(*shape, *self.obs_shape, dtype=dtype, device=self.device)
            # Numbers of actions, or actions as rows of numbers.
            box = isinstance(self.action_space, gym.spaces.Box)
            taken = (*shape, self.action_dim) if box else shape
            kind = torch.float32 if box else torch.int64
            self.taken = torch.empty(taken, dtype=kind, device=self.device)
            # What each step earned, whether an episode began with it, its value and log
            # probability, and the advantage and return that are computed from them.
            self.numbers = torch.empty(6, *shape, device=self.device)
        self.pos, self.full = 0, False

    def keep(
        self,
        observations: torch.Tensor,
        actions: torch.Tensor,
        rewards: torch.Tensor,
        begins: torch.Tensor,
        values: torch.Tensor,
        log_probs: torch.Tensor,
    ) -> None:
        """Add a step; each has ``N`` rows."""
        self.seen[self.pos] = observations
        self.taken[self.pos] = actions.reshape(self.taken.shape[1:])
        earned = (rewards, begins, values.flatten(), log_probs)
        for row, numbers in zip(self.numbers, earned, strict=False):
            row[self.pos] = numbers
        self.pos += 1
        self.full = self.pos == self.buffer_size

    def finish(self, last_values: torch.Tensor, begins: torch.Tensor) -> None:
        """Generalized advantage estimation (Schulman et al. 2016), and returns from it.

        Args:
            last_values: Of the observations after the last step, ``(N,)``.
            begins: Whether episodes begin with them, ``(N,)``.
        """
        rewards, starts, values, _, advantages, returns = self.numbers
        following, going = last_values.flatten(), 1 - begins.float()
        advantage = torch.zeros_like(following)
        for t in reversed(range(self.buffer_size)):
            surprise = rewards[t] + self.gamma * following * going - values[t]
            advantage = surprise + self.gamma * self.gae_lambda * going * advantage
            advantages[t] = advantage
            following, going = values[t], 1 - starts[t]
        torch.add(advantages, values, out=returns)

    @property
    def values(self) -> NDArray[np.float32]:  # type: ignore[override]
        """Of each step, ``(T, N)``."""
        return self.numbers[2].cpu().numpy()

    @property
    def returns(self) -> NDArray[np.float32]:  # type: ignore[override]
        """Estimated return from each step on, ``(T, N)``."""
        return self.numbers[5].cpu().numpy()

    def get(self, batch_size: int | None = None) -> Generator[RolloutBufferSamples, None, None]:
        """All steps, in minibatches of random steps if a size is given."""
        seen, taken = self.seen.flatten(0, 1), self.taken.flatten(0, 1)
        _, _, values, log_probs, advantages, returns = self.numbers.flatten(1)
        columns = (seen, taken, values, log_probs, advantages, returns)
        if batch_size is None:
            yield RolloutBufferSamples(*columns)
            return
        order = torch.randperm(len(seen), device=self.device)
        for first in range(0, len(order), batch_size):
            chosen = order[first : first + batch_size]
            # Whole rows are copied: indexing with brackets goes pixel by pixel.
            yield RolloutBufferSamples(*(column.index_select(0, chosen) for column in columns))


class Batched(OnPolicyAlgorithm):
    """Collects from a ``BatchEnv`` into ``Rollouts``."""

    def _within(self, actions: torch.Tensor) -> torch.Tensor:
        """What is executed: drawn vectors may lie outside of the box, and are learnt from so."""
        if not isinstance(self.action_space, gym.spaces.Box):
            return actions
        low, high = (
            torch.as_tensor(edge, device=actions.device)
            for edge in (self.action_space.low, self.action_space.high)
        )
        return actions.clamp(low, high)

    def collect_rollouts(
        self,
        env: VecEnv,
        callback: BaseCallback,
        rollout_buffer: RolloutBuffer,
        n_rollout_steps: int,
    ) -> bool:
        """See stable-baselines3."""
        assert isinstance(env, BatchEnv)
        assert isinstance(rollout_buffer, Rollouts)
        self.policy.set_training_mode(False)
        rollout_buffer.reset()
        callback.on_rollout_start()
        seen = torch.as_tensor(self._last_obs, device=self.device)
        begins = torch.as_tensor(self._last_episode_starts, device=self.device)
        for _ in range(n_rollout_steps):
            with torch.no_grad():
                actions, values, log_probs = self.policy(seen)
                step = env.advance(self._within(actions))
                rewards = step.rewards
                if step.cut is not None:
                    which, last = step.cut
                    goes_on = self.policy.predict_values(last).flatten()
                    rewards = rewards.index_add(0, which, self.gamma * goes_on)
            rollout_buffer.keep(seen, actions, rewards, begins, values, log_probs)
            seen, begins = step.observations, step.ended
            self.num_timesteps += env.num_envs
            if not callback.on_step():
                return False
        with torch.no_grad():
            last_values = self.policy.predict_values(seen)
        rollout_buffer.finish(last_values, begins)
        self._last_obs, self._last_episode_starts = seen, begins  # type: ignore[assignment]
        callback.on_rollout_end()
        return True


class BatchedPPO(Batched, PPO):
    """PPO of stable-baselines3."""


class BatchedA2C(Batched, A2C):
    """A2C of stable-baselines3."""


class BatchedPolicy(ActorCriticPolicy):
    """Gives observations to the network as they are: it knows best what to make of bytes."""

    def extract_features(self, obs: Any, features_extractor: Any = None) -> Any:
        """See stable-baselines3."""
        return (features_extractor or self.features_extractor)(obs)
