"""Policies of stable-baselines3 and sb3-contrib, from models in memory and from zips."""

from pathlib import Path
from typing import Any, cast

import gymnasium as gym
import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.policies import BasePolicy
from torch import nn

from rlgen.errors import PolicyError, ProtocolError
from rlgen.levels.family import Family
from rlgen.networks import inference
from rlgen.networks.box_head import Normals
from rlgen.policies.base import Policy
from rlgen.policies.box_policy import BoxPolicy
from rlgen.policies.network_policy import NetworkPolicy, State
from rlgen.policies.sb3 import zips
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
    try:
        return _policy(model.policy, family)
    except UnfitError as error:
        raise ProtocolError(f"{type(model).__name__}: {error}") from None


def of_zip(path: Path, family: Family, *, trusted: bool) -> Policy:
    """The policy in a zip; MaskablePPO plays without masks: families have none.

    Args:
        path: The zip.
        family: The family that it plays.
        trusted: See ``zips.load``.

    Raises:
        PolicyError: As for ``policy``, or if the zip cannot be loaded.
    """
    try:
        return _policy(zips.load(path, trusted=trusted), family)
    except UnfitError as error:
        raise PolicyError(f"{path}: {error}") from None


def _policy(own: BasePolicy, family: Family) -> Policy:
    actions, box, remembers = own.action_space, family.box, hasattr(own, "lstm_actor")
    if box is None:
        if not isinstance(actions, gym.spaces.Discrete):
            raise UnfitError(f"its actions are {actions}, and here they are discrete")
        convert = Converter(own.observation_space, family.observation_space)
        return _recurrent(own, convert) if remembers else _discrete(own, convert, int(actions.n))
    if not isinstance(actions, gym.spaces.Box) or actions.shape != box.shape:
        raise UnfitError(f"its actions are {actions}, and here they are {box}")
    for name, theirs, ours in (("low", actions.low, box.low), ("high", actions.high, box.high)):
        if not np.allclose(theirs, ours, rtol=1e-5):
            raise UnfitError(
                f"its actions have other bounds than here: {name} is {_short(theirs)}, here "
                f"{_short(ours)}"
            )
    if remembers:
        raise UnfitError("its policy has a memory, which is not supported with continuous actions")
    return _continuous(own, Converter(own.observation_space, family.observation_space), box)


def _discrete(policy: Any, convert: Converter, n_actions: int) -> NetworkPolicy:
    """Action probabilities, or the greedy action of policies without (DQN, QRDQN, ARS)."""
    drawn = hasattr(policy, "get_distribution")
    certain = torch.eye(n_actions, dtype=torch.float64)

    def step(observations: NDArray[Any], state: State | None) -> tuple[torch.Tensor, State | None]:
        if not drawn:
            actions, _ = policy.predict(convert(observations), deterministic=True)
            return certain[torch.from_numpy(actions)], state
        tensor, _ = policy.obs_to_tensor(convert(observations))
        return _probabilities(policy.get_distribution(tensor)), state

    return NetworkPolicy(step, {"policy": policy}, stochastic=drawn)


def _recurrent(policy: Any, convert: Converter) -> NetworkPolicy:
    """Action probabilities of sb3-contrib's RecurrentPPO."""

    def step(observations: NDArray[Any], state: State | None) -> tuple[torch.Tensor, State | None]:
        tensor, _ = policy.obs_to_tensor(convert(observations))
        # No reset of the LSTM's state: at the start of an episode it is zero already.
        begins = torch.zeros(len(observations), device=policy.device)
        distribution, after = policy.get_distribution(tensor, state, begins)
        return _probabilities(distribution), after

    return NetworkPolicy(step, {"policy": policy}, stochastic=True, lstm=policy.lstm_actor)


def _probabilities(distribution: Any) -> torch.Tensor:
    return inference.probabilities(distribution.distribution.logits, softmax=True)


def _continuous(policy: Any, convert: Converter, box: gym.spaces.Box) -> BoxPolicy:
    """Continuous actions without memory; noise of gSDE is drawn anew at each step."""
    actor = getattr(policy, "actor", None)
    drawn = hasattr(policy, "get_distribution") or hasattr(actor, "log_std")

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


def _short(numbers: NDArray[Any]) -> str:
    first = ", ".join(f"{x:g}" for x in numbers.ravel()[:4])
    return first if numbers.size <= 4 else f"{first}, ..."
