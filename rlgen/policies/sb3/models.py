"""Policies of stable-baselines3 and sb3-contrib, from models in memory and from zips."""

from pathlib import Path
from typing import Any, cast

import gymnasium as gym
import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.base_class import BaseAlgorithm
from torch import nn

from rlgen.errors import PolicyError, ProtocolError
from rlgen.levels.family import Family
from rlgen.networks import inference
from rlgen.networks.box_head import Normals
from rlgen.policies import fitting
from rlgen.policies.base import Policy
from rlgen.policies.box_policy import BoxPolicy
from rlgen.policies.network_policy import NetworkPolicy
from rlgen.policies.sb3 import layers, zips
from rlgen.policies.sb3.observations import Converter, UnfitError
from rlgen.policies.torch_policy import State, Step

#: The class of MaskablePPO's policies.
MASKABLE = "MaskableActorCriticPolicy"


def policy(model: BaseAlgorithm, family: Family) -> Policy:
    """The policy of a model, with the LSTM's memory if it has one.

    Args:
        model: A trained model.
        family: The family that it plays.

    Raises:
        ProtocolError: If its observations or actions do not fit the family.
    """
    try:
        own = _policy(model.policy, family)
    except UnfitError as error:
        raise ProtocolError(f"{type(model).__name__}: {error}") from None
    fitting.note_masks(own, family, type(model).__name__)
    return own


def of_zip(path: Path, family: Family, *, trusted: bool) -> Policy:
    """The policy in a zip; MaskablePPO's plays with masks, where the family has them.

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


def _policy(own: Any, family: Family) -> Policy:
    actions, box = own.action_space, family.box
    if box is None:
        if not isinstance(actions, gym.spaces.Discrete):
            raise UnfitError(f"its actions are {actions}, and here they are discrete")
    else:
        _check_box(actions, box)
    convert = Converter(own.observation_space, family.observation_space)
    lstm = getattr(own, "lstm_actor", None)

    def distribution(observations: NDArray[Any], state: State | None) -> tuple[Any, State | None]:
        tensor, _ = own.obs_to_tensor(convert(observations))
        if lstm is None:
            return own.get_distribution(tensor).distribution, state
        # No reset of the LSTM's state: at the start of an episode it is zero already.
        begins = torch.zeros(len(observations), device=own.device)
        whole, after = own.get_distribution(tensor, state, begins)
        return whole.distribution, after

    if box is None:
        return _discrete(own, convert, distribution, lstm)
    return _continuous(own, convert, distribution, lstm, box)


def _check_box(actions: "gym.Space[Any]", box: gym.spaces.Box) -> None:
    """Refuse actions of another shape, or with other bounds, than the family's."""
    if not isinstance(actions, gym.spaces.Box) or actions.shape != box.shape:
        raise UnfitError(f"its actions are {actions}, and here they are {box}")
    for name, theirs, ours in (("low", actions.low, box.low), ("high", actions.high, box.high)):
        if not np.allclose(theirs, ours, rtol=1e-5):
            raise UnfitError(
                f"its actions have other bounds than here: {name} is {_short(theirs)}, here "
                f"{_short(ours)}"
            )


def _discrete(
    policy: Any, convert: Converter, distribution: Step, lstm: nn.LSTM | None
) -> NetworkPolicy:
    """Action probabilities, or the greedy action of policies without (DQN, QRDQN, ARS)."""
    drawn = hasattr(policy, "get_distribution")
    certain = torch.eye(int(policy.action_space.n), dtype=torch.float64)

    def step(observations: NDArray[Any], state: State | None) -> tuple[torch.Tensor, State | None]:
        if not drawn:
            actions, _ = policy.predict(convert(observations), deterministic=True)
            return certain[torch.from_numpy(actions)], state
        categorical, after = distribution(observations, state)
        return inference.probabilities(categorical.logits, softmax=True), after

    network = NetworkPolicy(
        step,
        {"policy": policy},
        stochastic=drawn,
        lstm=lstm,
        layered=lambda: layers.of_policy(policy, convert),
    )
    # By name, since sb3-contrib need not be installed.
    network.masked = any(cls.__name__ == MASKABLE for cls in type(policy).__mro__)
    return network


def _continuous(
    policy: Any, convert: Converter, distribution: Step, lstm: nn.LSTM | None, box: gym.spaces.Box
) -> BoxPolicy:
    """Continuous actions; noise of gSDE is drawn anew at each step."""
    actor, on_policy = getattr(policy, "actor", None), hasattr(policy, "get_distribution")

    def step(observations: NDArray[Any], state: State | None) -> tuple[Normals, State | None]:
        if on_policy:
            normal, after = distribution(observations, state)
            return (normal.mean, normal.stddev.log()), after
        inputs, _ = policy.obs_to_tensor(convert(observations))
        return _normals(policy, actor, inputs), state

    parts = {"policy": cast(nn.Module, policy if actor is None else actor)}
    squashed, drawn = bool(policy.squash_output), on_policy or hasattr(actor, "log_std")
    return BoxPolicy(box, step, parts, squashed=squashed, stochastic=drawn, lstm=lstm)


def _normals(policy: Any, actor: Any, inputs: Any) -> Normals:
    """Means and logarithms of deviations of ARS, and of off-policy actors."""
    if actor is None:
        features = policy.extract_features(inputs, policy.features_extractor)
        return _before_tanh(policy.action_net)(features), None
    if not hasattr(actor, "log_std"):  # TD3, DDPG
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


def _short(numbers: NDArray[Any]) -> str:
    first = ", ".join(f"{x:g}" for x in numbers.ravel()[:4])
    return first if numbers.size <= 4 else f"{first}, ..."
