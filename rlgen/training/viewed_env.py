"""Environments whose observations are changed for the learner."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.vec_env.base_vec_env import VecEnvObs, VecEnvStepReturn

from rlgen.agents.envs.batch_env import BatchEnv, Step
from rlgen.training.regularisers.base import View


class ViewedEnv(BatchEnv):
    """Environments whose observations pass through views, one after the other.

    Args:
        env: The environments.
        views: The views, first to last.
        device: Torch's name of the device of views and observations.
    """

    def __init__(self, env: BatchEnv, views: Sequence[View], device: str) -> None:
        self.env, self.views = env, views
        self._everyone = torch.arange(env.num_envs, device=device)
        self.masked = env.masked
        super().__init__(env.num_envs, env.observation_space, env.action_space)

    def _viewed(self, observations: torch.Tensor, which: torch.Tensor) -> torch.Tensor:
        for view in self.views:
            observations = view.show(observations, which)
        return observations

    def _begin(self, which: torch.Tensor) -> None:
        for view in self.views:
            view.begin(which)

    def _arrays(self, observations: NDArray[np.generic], which: torch.Tensor) -> VecEnvObs:
        there = torch.as_tensor(observations, device=self._everyone.device)
        return self._viewed(there, which).cpu().numpy()

    def seed(self, seed: int | None = None) -> Sequence[int | None]:
        """Seeds the environments; the views have their own."""
        return self.env.seed(seed)

    def reset(self) -> VecEnvObs:
        """Start all episodes."""
        observations = self.env.reset()
        self._begin(self._everyone)
        if isinstance(observations, torch.Tensor):
            return self._viewed(observations, self._everyone)
        assert isinstance(observations, np.ndarray)
        return self._arrays(observations, self._everyone)

    def advance(self, actions: torch.Tensor) -> Step:
        """One step of every environment."""
        step = self.env.advance(actions)
        cut = step.cut
        if cut is not None:
            # The views of the episodes that have just ended.
            cut = (cut[0], self._viewed(cut[1], cut[0]))
        self._begin(step.ended.nonzero().flatten())
        observations = self._viewed(step.observations, self._everyone)
        return Step(observations, step.rewards, step.ended, cut)

    def action_masks(self) -> NDArray[np.bool_]:
        """See ``BatchEnv``."""
        return self.env.action_masks()

    def step_async(self, actions: NDArray[Any]) -> None:
        """Keep the actions for ``step_wait``."""
        self.env.step_async(actions)

    def step_wait(self) -> VecEnvStepReturn:
        """One step of every environment, with arrays."""
        observations, rewards, dones, infos = self.env.step_wait()
        assert isinstance(observations, np.ndarray)
        ended = dones.nonzero()[0]
        if len(ended):
            who = torch.as_tensor(ended, device=self._everyone.device)
            last = np.stack([infos[i]["terminal_observation"] for i in ended])
            for i, observation in zip(ended, self._arrays(last, who), strict=True):
                infos[i]["terminal_observation"] = observation
            self._begin(who)
        return self._arrays(observations, self._everyone), rewards, dones, infos

    def close(self) -> None:
        """Close the environments."""
        self.env.close()
