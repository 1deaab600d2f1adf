"""Any stable-baselines3 model as a policy."""

from typing import Any

import gymnasium as gym
import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm

from rlgen.agents import box_head
from rlgen.continuous import Actions, ContinuousPolicy
from rlgen.errors import ProtocolError
from rlgen.policy import MemorylessPolicy

BATCH = 1024


class SB3Policy(MemorylessPolicy):
    """Action probabilities of an on-policy model, or the greedy action of others (DQN, QRDQN, ARS).

    Args:
        model: Trained, with discrete actions.
    """

    def __init__(self, model: BaseAlgorithm) -> None:
        _refuse_memory(model)
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


class ContinuousSB3Policy(ContinuousPolicy):
    """Actions of a model that are vectors of numbers.

    Noise of gSDE is drawn anew at each step.

    Args:
        model: Trained, with such actions.
        box: Of what is to be played.

    Raises:
        ProtocolError: If the model's actions are others.
    """

    def __init__(self, model: BaseAlgorithm, box: gym.spaces.Box) -> None:
        _refuse_memory(model)
        own = model.action_space
        if not isinstance(own, gym.spaces.Box):
            raise ProtocolError(f"{type(model).__name__}: its actions are discrete")
        if own.shape != box.shape or not (
            np.allclose(own.low, box.low) and np.allclose(own.high, box.high)
        ):
            raise ProtocolError(
                f"{type(model).__name__}: its actions are {own}, and here they are {box}"
            )
        self._policy: Any = model.policy
        self._box = box
        self.stochastic = isinstance(model, OnPolicyAlgorithm) or hasattr(
            getattr(model.policy, "actor", None), "log_std"
        )

    def act(
        self, observations: NDArray[Any], memory: Any, rng: np.random.Generator | None
    ) -> tuple[Actions, Any]:
        """See ``ContinuousPolicy.act``."""
        self._policy.set_training_mode(False)
        squashed = bool(self._policy.squash_output)
        actions = box_head.play(
            self._normals, observations, rng, self._box, squashed=squashed, batch=BATCH
        )
        return actions, memory

    def _normals(self, observations: torch.Tensor) -> box_head.Normals:
        policy = self._policy
        seen, _ = policy.obs_to_tensor(observations.numpy())
        if not hasattr(policy, "actor"):
            if not self.stochastic:  # ARS
                features = policy.extract_features(seen, policy.features_extractor)
                return _before_tanh(policy.action_net)(features), None
            normal = policy.get_distribution(seen).distribution
            return normal.mean, normal.stddev.log()
        actor = policy.actor
        if not self.stochastic:
            features = actor.extract_features(seen, actor.features_extractor)
            return _before_tanh(actor.mu)(features), None
        mean, log_std, more = actor.get_action_dist_params(seen)
        if more:  # gSDE
            normal = actor.action_dist.proba_distribution(mean, log_std, **more).distribution
            return normal.mean, normal.stddev.log()
        return mean, log_std


def _before_tanh(layers: torch.nn.Sequential) -> torch.nn.Module:
    """A network without what squashes its outputs."""
    return layers[:-1] if isinstance(layers[-1], torch.nn.Tanh) else layers


def _refuse_memory(model: BaseAlgorithm) -> None:
    if hasattr(model.policy, "lstm_actor"):
        raise ProtocolError(f"{type(model).__name__}: its policy has a memory")
