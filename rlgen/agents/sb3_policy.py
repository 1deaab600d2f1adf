"""Any stable-baselines3 model with discrete actions as a policy."""

from typing import Any, cast

import gymnasium as gym
import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm

from rlgen.agents import playing
from rlgen.agents.recurrent_policy import LSTMPolicy, State
from rlgen.errors import ProtocolError
from rlgen.policy import MemorylessPolicy, Policy


def policy(model: BaseAlgorithm) -> Policy:
    """The model's policy, with the LSTM's memory if it has one.

    Args:
        model: Trained, with discrete actions.

    Raises:
        ProtocolError: If its actions are others.
    """
    if not isinstance(model.action_space, gym.spaces.Discrete):
        raise ProtocolError(f"{type(model).__name__}: its actions are not discrete")
    return RecurrentSB3Policy(model) if hasattr(model.policy, "lstm_actor") else SB3Policy(model)


class SB3Policy(MemorylessPolicy):
    """Action probabilities of an on-policy model, or the greedy action of others (DQN, QRDQN, ARS).

    Args:
        model: Trained, with discrete actions and no memory.
    """

    def __init__(self, model: BaseAlgorithm) -> None:
        self._model = model
        self.stochastic = isinstance(model, OnPolicyAlgorithm)
        assert isinstance(model.action_space, gym.spaces.Discrete)
        self._n_actions = int(model.action_space.n)

    def probabilities(self, observations: NDArray[Any]) -> NDArray[np.float64]:
        """See ``MemorylessPolicy.probabilities``."""
        rows = playing.batches(len(observations), self._model.device)
        return np.concatenate([self._of_batch(observations[part]) for part in rows])

    def _of_batch(self, observations: NDArray[Any]) -> NDArray[np.float64]:
        self._model.policy.set_training_mode(False)
        with torch.inference_mode():
            if not self.stochastic:
                actions, _ = self._model.predict(observations, deterministic=True)
                one_hot: NDArray[np.float64] = np.eye(self._n_actions)[actions]
                return one_hot
            policy: Any = self._model.policy
            tensor, _ = policy.obs_to_tensor(observations)
            told = _probabilities(policy.get_distribution(tensor))
            return np.asarray(told.cpu().numpy(), dtype=np.float64)


class RecurrentSB3Policy(LSTMPolicy):
    """Action probabilities of sb3-contrib's RecurrentPPO.

    Args:
        model: Trained, with discrete actions.
    """

    def __init__(self, model: BaseAlgorithm) -> None:
        self._policy = cast(Any, model.policy)
        super().__init__(self._policy.lstm_actor, self._policy)

    def step(self, observations: NDArray[Any], state: State) -> tuple[torch.Tensor, State]:
        """See ``LSTMPolicy.step``."""
        tensor, _ = self._policy.obs_to_tensor(observations)
        # No episode begins: where one did, the state is that of a beginning already.
        begins = torch.zeros(len(observations), device=self._device)
        distribution, after = self._policy.get_distribution(tensor, state, begins)
        return _probabilities(distribution), after


def _probabilities(distribution: Any) -> torch.Tensor:
    told: torch.Tensor = distribution.distribution.probs.double()
    return told / told.sum(1, keepdim=True)
