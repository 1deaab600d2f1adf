"""Policies of stable-baselines3 models in memory."""

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
from rlgen.policies.sb3.observations import Converter, UnfitError


def policy(model: BaseAlgorithm, family: Family) -> AnyPolicy:
    """The policy of a model, with the LSTM's memory if it has one.

    Args:
        model: A trained model.
        family: The family that it plays.

    Raises:
        ProtocolError: If its observations or actions do not fit the family, or it has a memory and
            its actions are continuous.
    """
    own, name, box = model.action_space, type(model).__name__, family.box
    remembers = hasattr(model.policy, "lstm_actor")
    if box is None:
        if not isinstance(own, gym.spaces.Discrete):
            raise ProtocolError(f"{name}: its actions are {own}, and here they are discrete")
        convert = _converter(model, family)
        return RecurrentSB3Policy(model, convert) if remembers else SB3Policy(model, convert)
    if (
        not isinstance(own, gym.spaces.Box)
        or own.shape != box.shape
        or not (np.allclose(own.low, box.low) and np.allclose(own.high, box.high))
    ):
        raise ProtocolError(f"{name}: its actions are {own}, and here they are {box}")
    if remembers:
        raise ProtocolError(
            f"{name}: its policy has a memory, which is not supported with continuous actions"
        )
    return ContinuousSB3Policy(model, _converter(model, family), box)


def _converter(model: BaseAlgorithm, family: Family) -> Converter:
    try:
        return Converter(model.observation_space, family.observation_space)
    except UnfitError as error:
        raise ProtocolError(f"{type(model).__name__}: {error}") from None


class SB3Policy(MemorylessPolicy):
    """Action probabilities of an on-policy model, or the greedy action of others (DQN, QRDQN, ARS).

    Args:
        model: A trained model with discrete actions and no memory.
        convert: From observations here to the model's own.
    """

    def __init__(self, model: BaseAlgorithm, convert: Converter) -> None:
        self._model, self._convert = model, convert
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
                actions, _ = self._model.predict(self._convert(observations), deterministic=True)
                one_hot: NDArray[np.float64] = np.eye(self._n_actions)[actions]
                return one_hot
            policy: Any = self._model.policy
            tensor, _ = policy.obs_to_tensor(self._convert(observations))
            probabilities = _probabilities(policy.get_distribution(tensor))
            return np.asarray(probabilities.cpu().numpy(), dtype=np.float64)


class RecurrentSB3Policy(LSTMPolicy):
    """Action probabilities of sb3-contrib's RecurrentPPO.

    Args:
        model: A trained model with discrete actions.
        convert: From observations here to the model's own.
    """

    def __init__(self, model: BaseAlgorithm, convert: Converter) -> None:
        self._policy, self._convert = cast(Any, model.policy), convert
        super().__init__(self._policy.lstm_actor, self._policy)

    def step(self, observations: NDArray[Any], state: State) -> tuple[torch.Tensor, State]:
        """See ``LSTMPolicy.step``."""
        tensor, _ = self._policy.obs_to_tensor(self._convert(observations))
        # No reset of the LSTM's state: at the start of an episode it is zero already.
        begins = torch.zeros(len(observations), device=self._device)
        distribution, after = self._policy.get_distribution(tensor, state, begins)
        return _probabilities(distribution), after


def _probabilities(distribution: Any) -> torch.Tensor:
    probabilities: torch.Tensor = distribution.distribution.probs.double()
    return probabilities / probabilities.sum(1, keepdim=True)


class ContinuousSB3Policy(BoxPolicy):
    """Continuous actions of a model.

    Noise of gSDE is drawn anew at each step.

    Args:
        model: A trained model with continuous actions and no memory.
        convert: From observations here to the model's own.
        box: The action space.
    """

    def __init__(self, model: BaseAlgorithm, convert: Converter, box: gym.spaces.Box) -> None:
        self._policy, self._convert = cast(Any, model.policy), convert
        actor = getattr(model.policy, "actor", None)
        plays = cast(nn.Module, model.policy if actor is None else actor)
        super().__init__(box, plays, squashed=bool(self._policy.squash_output))
        self.stochastic = isinstance(model, OnPolicyAlgorithm) or hasattr(actor, "log_std")

    def normals(self, observations: NDArray[Any]) -> Normals:
        """See ``BoxPolicy.normals``."""
        policy = self._policy
        inputs, _ = policy.obs_to_tensor(self._convert(observations))
        if not hasattr(policy, "actor"):
            if not self.stochastic:  # ARS
                features = policy.extract_features(inputs, policy.features_extractor)
                return _before_tanh(policy.action_net)(features), None
            normal = policy.get_distribution(inputs).distribution
            return normal.mean, normal.stddev.log()
        actor = policy.actor
        if not self.stochastic:
            features = actor.extract_features(inputs, actor.features_extractor)
            return _before_tanh(actor.mu)(features), None
        mean, log_std, more = actor.get_action_dist_params(inputs)
        if more:  # gSDE
            normal = actor.action_dist.proba_distribution(mean, log_std, **more).distribution
            return normal.mean, normal.stddev.log()
        return mean, log_std


def _before_tanh(layers: nn.Sequential) -> nn.Module:
    """A network without the tanh that squashes its outputs."""
    return layers[:-1] if isinstance(layers[-1], nn.Tanh) else layers
