"""On-policy rollouts for stable-baselines3 that step all environments at once, with tensors.

The loop of stable-baselines3 makes a dictionary per environment and step, and passes observations
through numpy. Learning from a rollout is stable-baselines3's.
"""

from collections.abc import Callable, Generator
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
from stable_baselines3.common.type_aliases import RolloutBufferSamples, Schedule
from stable_baselines3.common.vec_env import VecEnv

from rlgen.agents.envs.batch_env import BatchEnv
from rlgen.networks.trunk import Trunk


class Rollouts(RolloutBuffer):
    """``T`` steps of ``N`` environments as tensors on the learner's device."""

    def reset(self) -> None:
        """Start a new rollout, which overwrites the previous one."""
        if not hasattr(self, "observed"):
            shape = (self.buffer_size, self.n_envs)
            dtype = torch.from_numpy(np.zeros(0, self.observation_space.dtype)).dtype
            self.observed = torch.empty(*shape, *self.obs_shape, dtype=dtype, device=self.device)
            # Indices of actions, or vectors.
            box = isinstance(self.action_space, gym.spaces.Box)
            taken = (*shape, self.action_dim) if box else shape
            kind = torch.float32 if box else torch.int64
            self.taken = torch.empty(taken, dtype=kind, device=self.device)
            # Reward of each step, whether an episode began with it, its value and log probability,
            # and the advantage and return that are computed from them.
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
        """Add a step of all environments; each argument has ``N`` rows."""
        self.observed[self.pos] = observations
        self.taken[self.pos] = actions.reshape(self.taken.shape[1:])
        earned = (rewards, begins, values.flatten(), log_probs)
        for row, numbers in zip(self.numbers, earned, strict=False):
            row[self.pos] = numbers
        self.pos += 1
        self.full = self.pos == self.buffer_size

    def finish(self, last_values: torch.Tensor, begins: torch.Tensor) -> None:
        """Compute advantages by GAE (Schulman et al. 2016), and returns from them.

        Args:
            last_values: Values of the observations after the last step, ``(N,)``.
            begins: Whether episodes begin with these observations, ``(N,)``.
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
        """Value of each step, ``(T, N)``."""
        return self.numbers[2].cpu().numpy()

    @property
    def returns(self) -> NDArray[np.float32]:  # type: ignore[override]
        """Estimated return from each step on, ``(T, N)``."""
        return self.numbers[5].cpu().numpy()

    def get(self, batch_size: int | None = None) -> Generator[RolloutBufferSamples, None, None]:
        """All steps, in random minibatches if a size is given."""
        observed, taken = self.observed.flatten(0, 1), self.taken.flatten(0, 1)
        _, _, values, log_probs, advantages, returns = self.numbers.flatten(1)
        columns = (observed, taken, values, log_probs, advantages, returns)
        if batch_size is None:
            yield RolloutBufferSamples(*columns)
            return
        order = torch.randperm(len(observed), device=self.device)
        for first in range(0, len(order), batch_size):
            chosen = order[first : first + batch_size]
            # index_select copies whole rows; indexing with brackets copies pixel by pixel.
            yield RolloutBufferSamples(*(column.index_select(0, chosen) for column in columns))


class Batched(OnPolicyAlgorithm):
    """Collects from a ``BatchEnv`` into ``Rollouts``."""

    def _within(self, actions: torch.Tensor) -> torch.Tensor:
        """The executed actions: clamped to the box; the learner keeps the unclamped ones."""
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
        observations = torch.as_tensor(self._last_obs, device=self.device)
        begins = torch.as_tensor(self._last_episode_starts, device=self.device)
        for _ in range(n_rollout_steps):
            with torch.no_grad():
                actions, values, log_probs = self.policy(observations)
                step = env.advance(self._within(actions))
                rewards = step.rewards
                if step.cut is not None:
                    which, last = step.cut
                    goes_on = self.policy.predict_values(last).flatten()
                    rewards = rewards.index_add(0, which, self.gamma * goes_on)
            rollout_buffer.keep(observations, actions, rewards, begins, values, log_probs)
            observations, begins = step.observations, step.ended
            self.num_timesteps += env.num_envs
            if not callback.on_step():
                return False
        with torch.no_grad():
            last_values = self.policy.predict_values(observations)
        rollout_buffer.finish(last_values, begins)
        self._last_obs, self._last_episode_starts = observations, begins  # type: ignore[assignment]
        callback.on_rollout_end()
        return True


class BatchedPPO(Batched, PPO):
    """PPO of stable-baselines3."""


class BatchedA2C(Batched, A2C):
    """A2C of stable-baselines3."""


class BatchedPolicy(ActorCriticPolicy):
    """Passes observations to the network unchanged, since trunks handle bytes themselves.

    The head is the network's own if it has one; the value is linear.
    """

    def _build(self, lr_schedule: Schedule) -> None:
        """See stable-baselines3."""
        super()._build(lr_schedule)
        trunk = self.features_extractor.layers
        assert isinstance(trunk, Trunk)
        if trunk.own_head:
            assert isinstance(self.action_space, gym.spaces.Discrete)
            self.action_net = trunk.head(self.features_dim, int(self.action_space.n))
            make: Callable[..., torch.optim.Optimizer] = self.optimizer_class
            self.optimizer = make(self.parameters(), lr=lr_schedule(1), **self.optimizer_kwargs)

    def extract_features(self, obs: Any, features_extractor: Any = None) -> Any:
        """See stable-baselines3."""
        return (features_extractor or self.features_extractor)(obs)
