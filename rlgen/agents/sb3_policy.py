"""Any stable-baselines3 model with discrete actions as a policy."""

from typing import Any

import gymnasium as gym
import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm

from rlgen.errors import ProtocolError
from rlgen.policy import MemorylessPolicy

BATCH = 1024


class SB3Policy(MemorylessPolicy):
    """Action probabilities of an on-policy model, or the greedy action of others (DQN, QRDQN, ARS).

    Args:
        model: Trained, with discrete actions.
    """

    def __init__(self, model: BaseAlgorithm) -> None:
        if hasattr(model.policy, "lstm_actor"):
            raise ProtocolError(f"{type(model).__name__}: its policy has a memory")
        self._model = model
        self.stochastic = isinstance(model, OnPolicyAlgorithm)
        if not isinstance(model.action_space, gym.spaces.Discrete):
            raise ProtocolError(f"{type(model).__name__}: its actions are not discrete")
        self._n_actions = int(model.action_space.n)

    def probabilities(self, observations: NDArray[Any]) -> NDArray[np.float64]:
        """See ``MemorylessPolicy.probabilities``."""
        parts = [observations[i : i + BATCH] for i in range(0, len(observations), BATCH)]
        return np.concatenate([self._of_batch(part) for part in parts])

    def _of_batch(self, observations: NDArray[Any]) -> NDArray[np.float64]:
        self._model.policy.set_training_mode(False)
        with torch.inference_mode():
            if not self.stochastic:
                actions, _ = self._model.predict(observations, deterministic=True)
                one_hot: NDArray[np.float64] = np.eye(self._n_actions)[actions]
                return one_hot
            policy: Any = self._model.policy
            tensor, _ = policy.obs_to_tensor(observations)
            probabilities = policy.get_distribution(tensor).distribution.probs.double()
            probabilities /= probabilities.sum(1, keepdim=True)
            return np.asarray(probabilities.cpu().numpy(), dtype=np.float64)
