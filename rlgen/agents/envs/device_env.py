"""Tabular levels on the learner's device: observations never cross the bus.

A step is a few look-ups in tables on the device, for any family whose levels are tabular.
"""

from typing import Any

import gymnasium as gym
import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.vec_env.base_vec_env import VecEnvObs, VecEnvStepReturn

from rlgen.agents.envs.batch_env import BatchEnv, Step
from rlgen.errors import ProtocolError
from rlgen.evaluation.exact import chunks
from rlgen.levels.capabilities import Tabular, as_tabular
from rlgen.levels.family import Family, Levels
from rlgen.perturbations.base import Channel


class DeviceEnv(BatchEnv):
    """``num_envs`` environments that draw one of the levels at each reset.

    Episodes end at the levels' horizon with their timeout reward. This is part of the task, not a
    truncation.

    Args:
        family: A family whose levels are tabular.
        levels: The levels to draw from.
        num_envs: Number of environments.
        channel: Between proposed and executed action.
        random_spawn: Whether start states are drawn.
        reward_clip: Rewards are clipped to plus or minus this; 0 does not clip.
        seed: Seed of levels, start states and the channel's noise.
        device: Torch's name of the device.

    Raises:
        LevelError: If the levels are not tabular.
    """

    def __init__(
        self,
        family: Family,
        levels: Levels,
        num_envs: int,
        *,
        channel: Channel,
        random_spawn: bool = False,
        reward_clip: float = 0.0,
        seed: int = 0,
        device: str = "cuda",
    ) -> None:
        self.device, self.reward_clip = device, reward_clip
        self._generator = torch.Generator(device).manual_seed(seed)
        self._shape = family.observation_space.shape
        self._pixels = int(np.prod(self._shape))
        self._read_levels(as_tabular(family, "devices"), levels, random_spawn)
        self._read_channel(channel, family.n_actions)
        self._state = torch.zeros(num_envs, dtype=torch.int64, device=device)
        self._clock, self._memory = torch.zeros_like(self._state), torch.zeros_like(self._state)
        space: gym.spaces.Box = family.observation_space
        super().__init__(num_envs, space, family.action_space)

    def _read_levels(self, family: Tabular, levels: Levels, random_spawn: bool) -> None:
        parts: dict[str, list[NDArray[Any]]] = {}
        first = spawned = 0
        for tabular in chunks(family, levels):
            n = tabular.n_states
            following = tabular.next_state.astype(np.int64) + first
            following[tabular.next_state == n] = -1
            pixels = tabular.observe(np.arange(n, dtype=np.int32)).reshape(n, -1)
            if pixels.max() <= 1:
                pixels = np.packbits(pixels, axis=1, bitorder="little")
            starts = tabular.spawns if random_spawn else tabular.start
            ends = tabular.spawn_offsets[1:] if random_spawn else np.arange(1, tabular.n_levels + 1)
            columns: dict[str, NDArray[Any]] = {
                "following": following,
                "reward": tabular.reward.astype(np.float32),
                "pixels": pixels,
                "start": starts.astype(np.int64) + first,
                "end": ends + spawned,
            }
            for name, array in columns.items():
                parts.setdefault(name, []).append(array)
            first, spawned = first + n, spawned + len(starts)
            self._horizon, self._timeout_reward = tabular.horizon, tabular.timeout_reward
        tables = {
            name: torch.from_numpy(np.concatenate(arrays)).to(self.device)
            for name, arrays in parts.items()
        }
        self._following, self._reward = tables["following"], tables["reward"]
        self._observed, self._start = tables["pixels"], tables["start"]
        # The starts of level i are first[i] to first[i] + count[i] - 1.
        self._count = torch.diff(tables["end"], prepend=tables["end"].new_zeros(1))
        self._first = tables["end"] - self._count
        self._bits = torch.arange(8, dtype=torch.uint8, device=self.device)

    def _read_channel(self, channel: Channel, n_actions: int) -> None:
        """The channel as tables by memory, proposed action and noise value."""
        shape = (channel.n_memories, n_actions, len(channel.noise))
        executed, following = channel.apply(*np.indices(shape, dtype=np.int64))
        self._executed = torch.from_numpy(np.ascontiguousarray(executed)).to(self.device)
        self._next_memory = torch.from_numpy(np.ascontiguousarray(following)).to(self.device)
        self._noise = torch.from_numpy(channel.noise).to(self.device)
        self._memories = torch.from_numpy(channel.start).to(self.device)

    def _drawn(self, weights: torch.Tensor) -> torch.Tensor:
        return torch.multinomial(weights, self.num_envs, True, generator=self._generator)

    def _fresh(self) -> tuple[torch.Tensor, torch.Tensor]:
        """States and memories at the start of new episodes, for all environments."""
        chance = torch.rand(2, self.num_envs, generator=self._generator, device=self.device)
        level = (chance[0] * len(self._count)).long().clamp_(max=len(self._count) - 1)
        count = self._count[level]
        which = torch.minimum((chance[1] * count).long(), count - 1)
        return self._start[self._first[level] + which], self._drawn(self._memories)

    def _observations(self) -> torch.Tensor:
        rows = self._observed[self._state]
        if rows.shape[1] != self._pixels:
            rows = (rows[:, :, None] >> self._bits & 1).flatten(1)[:, : self._pixels]
        return rows.reshape(-1, *self._shape)

    def reset(self) -> VecEnvObs:
        """Start all episodes; observations are a tensor on the device."""
        self._state, self._memory = self._fresh()
        self._clock.zero_()
        return self._observations()  # type: ignore[return-value]

    def advance(self, actions: torch.Tensor) -> Step:
        """One step of every environment."""
        if len(self._noise) > 1 or len(self._memories) > 1:
            noise, before = self._drawn(self._noise), self._memory
            self._memory = self._next_memory[before, actions, noise]
            actions = self._executed[before, actions, noise]
        rewards = self._reward[self._state, actions]
        state = self._following[self._state, actions]
        self._clock += 1
        timeout = (state >= 0) & (self._clock >= self._horizon)
        ended = timeout | (state < 0)
        rewards = rewards + self._timeout_reward * timeout
        if self.reward_clip:
            rewards = rewards.clamp(-self.reward_clip, self.reward_clip)
        start, memory = self._fresh()
        self._state = torch.where(ended, start, state)
        self._memory = torch.where(ended, memory, self._memory)
        self._clock = torch.where(ended, 0, self._clock)
        return Step(self._observations(), rewards, ended)

    def step_async(self, actions: NDArray[Any]) -> None:
        """Not available: only learners that step with tensors play on a device."""
        del actions
        raise ProtocolError("this environment is stepped by advance()")

    def step_wait(self) -> VecEnvStepReturn:
        """Not available, as ``step_async``."""
        raise ProtocolError("this environment is stepped by advance()")

    def close(self) -> None:
        """Nothing to close."""
