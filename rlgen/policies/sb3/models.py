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
from rlgen.networks.box_head import Normals
from rlgen.policies.base import Policy
from rlgen.policies.box_policy import BoxPolicy
from rlgen.policies.network_policy import NetworkPolicy, State
from rlgen.policies.sb3.observations import Converter, UnfitError


def policy(model: BaseAlgorithm, family: Family) -> Policy:
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
        return _recurrent(model, convert) if remembers else _discrete(model, convert)
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
    return _continuous(model, _converter(model, family), box)


def _converter(model: BaseAlgorithm, family: Family) -> Converter:
    try:
        return Converter(model.observation_space, family.observation_space)
    except UnfitError as error:
        raise ProtocolError(f"{type(model).__name__}: {error}") from None


def _discrete(model: BaseAlgorithm, convert: Converter) -> NetworkPolicy:
    """Action probabilities of an on-policy model; the greedy action of others (DQN, QRDQN, ARS)."""
    policy, drawn = cast(Any, model.policy), isinstance(model, OnPolicyAlgorithm)
    assert isinstance(model.action_space, gym.spaces.Discrete)
    certain = torch.eye(int(model.action_space.n), dtype=torch.float64)

    def step(observations: NDArray[Any], state: State | None) -> tuple[torch.Tensor, State | None]:
        if not drawn:
            actions, _ = model.predict(convert(observations), deterministic=True)
            return certain[torch.from_numpy(actions)], state
        tensor, _ = policy.obs_to_tensor(convert(observations))
        return _probabilities(policy.get_distribution(tensor)), state

    return NetworkPolicy(step, {"policy": policy}, stochastic=drawn)


def _recurrent(model: BaseAlgorithm, convert: Converter) -> NetworkPolicy:
    """Action probabilities of sb3-contrib's RecurrentPPO."""
    policy = cast(Any, model.policy)

    def step(observations: NDArray[Any], state: State | None) -> tuple[torch.Tensor, State | None]:
        tensor, _ = policy.obs_to_tensor(convert(observations))
        # No reset of the LSTM's state: at the start of an episode it is zero already.
        begins = torch.zeros(len(observations), device=model.device)
        distribution, after = policy.get_distribution(tensor, state, begins)
        return _probabilities(distribution), after

    return NetworkPolicy(step, {"policy": policy}, stochastic=True, lstm=policy.lstm_actor)


def _probabilities(distribution: Any) -> torch.Tensor:
    probabilities: torch.Tensor = distribution.distribution.probs.double()
    return probabilities / probabilities.sum(1, keepdim=True)


def _continuous(model: BaseAlgorithm, convert: Converter, box: gym.spaces.Box) -> BoxPolicy:
    """Continuous actions of a model without memory; noise of gSDE is drawn anew at each step."""
    policy = cast(Any, model.policy)
    actor = getattr(policy, "actor", None)
    drawn = isinstance(model, OnPolicyAlgorithm) or hasattr(actor, "log_std")

    def normals(observations: NDArray[Any]) -> Normals:
        inputs, _ = policy.obs_to_tensor(convert(observations))
        if actor is None:
            if not drawn:  # ARS
                features = policy.extract_features(inputs, policy.features_extractor)
                return _before_tanh(policy.action_net)(features), None
            normal = policy.get_distribution(inputs).distribution
            return normal.mean, normal.stddev.log()
        if not drawn:
            features = actor.extract_features(inputs, actor.features_extractor)
            return _before_tanh(actor.mu)(features), None
        mean, log_std, more = actor.get_action_dist_params(inputs)
        if more:  # gSDE
            normal = actor.action_dist.proba_distribution(mean, log_std, **more).distribution
            return normal.mean, normal.stddev.log()
        return mean, log_std

    parts = {"policy": cast(nn.Module, policy if actor is None else actor)}
    squashed = bool(policy.squash_output)
    return BoxPolicy(box, normals, parts, squashed=squashed, stochastic=drawn)


def _before_tanh(layers: nn.Sequential) -> nn.Module:
    """A network without the tanh that squashes its outputs."""
    return layers[:-1] if isinstance(layers[-1], nn.Tanh) else layers
