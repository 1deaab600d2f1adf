"""Any stable-baselines3 model as a policy."""

from typing import Any, cast

import gymnasium as gym
import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm
from torch import nn

from rlgen.errors import ProtocolError
from rlgen.levels.family import Family
from rlgen.networks import inference
from rlgen.networks.box_head import Normals
from rlgen.policies.base import AnyPolicy, MemorylessPolicy
from rlgen.policies.box_policy import BoxPolicy
from rlgen.policies.recurrent_policy import LSTMPolicy, State
from rlgen.policies.sb3.observations import Seen, UnfitError


def policy(model: BaseAlgorithm, family: Family) -> AnyPolicy:
    """The model's policy, with the LSTM's memory if it has one.

    Args:
        model: Trained.
        family: What is to be played.

    Raises:
        ProtocolError: If its observations or actions are others, or it has a memory where actions
            are vectors of numbers.
    """
    own, name, box = model.action_space, type(model).__name__, family.box
    remembers = hasattr(model.policy, "lstm_actor")
    if box is None:
        if not isinstance(own, gym.spaces.Discrete):
            raise ProtocolError(f"{name}: its actions are {own}, and here they are discrete")
        seen = _seen(model, family)
        return RecurrentSB3Policy(model, seen) if remembers else SB3Policy(model, seen)
    if (
        not isinstance(own, gym.spaces.Box)
        or own.shape != box.shape
        or not (np.allclose(own.low, box.low) and np.allclose(own.high, box.high))
    ):
        raise ProtocolError(f"{name}: its actions are {own}, and here they are {box}")
    if remembers:
        raise ProtocolError(f"{name}: its policy has a memory, which cannot be played with vectors")
    return ContinuousSB3Policy(model, _seen(model, family), box)


def _seen(model: BaseAlgorithm, family: Family) -> Seen:
    try:
        return Seen(model.observation_space, family.observation_space)
    except UnfitError as error:
        raise ProtocolError(f"{type(model).__name__}: {error}") from None


class SB3Policy(MemorylessPolicy):
    """Action probabilities of an on-policy model, or the greedy action of others (DQN, QRDQN, ARS).

    Args:
        model: Trained, with discrete actions and no memory.
        seen: From observations here to its own.
    """

    def __init__(self, model: BaseAlgorithm, seen: Seen) -> None:
        self._model, self._seen = model, seen
        self.stochastic = isinstance(model, OnPolicyAlgorithm)
        assert isinstance(model.action_space, gym.spaces.Discrete)
        self._n_actions = int(model.action_space.n)

    def probabilities(self, observations: NDArray[Any]) -> NDArray[np.float64]:
        """See ``MemorylessPolicy.probabilities``."""
        rows = inference.batches(len(observations), self._model.device)
        return np.concatenate([self._of_batch(observations[part]) for part in rows])

    def _of_batch(self, observations: NDArray[Any]) -> NDArray[np.float64]:
        self._model.policy.set_training_mode(False)
        with torch.inference_mode():
            if not self.stochastic:
                actions, _ = self._model.predict(self._seen(observations), deterministic=True)
                one_hot: NDArray[np.float64] = np.eye(self._n_actions)[actions]
                return one_hot
            policy: Any = self._model.policy
            tensor, _ = policy.obs_to_tensor(self._seen(observations))
            told = _probabilities(policy.get_distribution(tensor))
            return np.asarray(told.cpu().numpy(), dtype=np.float64)


class RecurrentSB3Policy(LSTMPolicy):
    """Action probabilities of sb3-contrib's RecurrentPPO.

    Args:
        model: Trained, with discrete actions.
        seen: From observations here to its own.
    """

    def __init__(self, model: BaseAlgorithm, seen: Seen) -> None:
        self._policy, self._seen = cast(Any, model.policy), seen
        super().__init__(self._policy.lstm_actor, self._policy)

    def step(self, observations: NDArray[Any], state: State) -> tuple[torch.Tensor, State]:
        """See ``LSTMPolicy.step``."""
        tensor, _ = self._policy.obs_to_tensor(self._seen(observations))
        # No episode begins: where one did, the state is that of a beginning already.
        begins = torch.zeros(len(observations), device=self._device)
        distribution, after = self._policy.get_distribution(tensor, state, begins)
        return _probabilities(distribution), after


def _probabilities(distribution: Any) -> torch.Tensor:
    told: torch.Tensor = distribution.distribution.probs.double()
    return told / told.sum(1, keepdim=True)


class ContinuousSB3Policy(BoxPolicy):
    """Actions of a model that are vectors of numbers.

    Noise of gSDE is drawn anew at each step.

    Args:
        model: Trained, with such actions and no memory.
        seen: From observations here to its own.
        box: Of the actions.
    """

    def __init__(self, model: BaseAlgorithm, seen: Seen, box: gym.spaces.Box) -> None:
        self._policy, self._seen = cast(Any, model.policy), seen
        actor = getattr(model.policy, "actor", None)
        plays = cast(nn.Module, model.policy if actor is None else actor)
        super().__init__(box, plays, squashed=bool(self._policy.squash_output))
        self.stochastic = isinstance(model, OnPolicyAlgorithm) or hasattr(actor, "log_std")

    def normals(self, observations: NDArray[Any]) -> Normals:
        """See ``BoxPolicy.normals``."""
        policy = self._policy
        seen, _ = policy.obs_to_tensor(self._seen(observations))
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


def _before_tanh(layers: nn.Sequential) -> nn.Module:
    """A network without what squashes its outputs."""
    return layers[:-1] if isinstance(layers[-1], nn.Tanh) else layers
