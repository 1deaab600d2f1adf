"""Recipes of sb3-contrib's algorithms; importing this module needs that package."""

from typing import Any

import gymnasium as gym
import torch
from sb3_contrib import ARS, QRDQN, TQC, TRPO, CrossQ, MaskablePPO, RecurrentPPO
from sb3_contrib.ars.policies import ARSPolicy
from sb3_contrib.common.recurrent.policies import RecurrentActorCriticPolicy
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.preprocessing import get_action_dim
from torch import nn

from rlgen.agents.envs.batch_env import BatchEnv
from rlgen.agents.linear import MeanOfQuantiles, Renormed, joined
from rlgen.agents.recipes import ON_POLICY, Recipe, actor, soft_actor
from rlgen.agents.rollouts import Batched, Rollouts
from rlgen.networks.box_head import BoxHead
from rlgen.networks.trunk import Trunk, TrunkExtractor


class BatchedTRPO(Batched, TRPO):
    """TRPO of sb3-contrib."""


class FamilyMaskedPPO(MaskablePPO):
    """MaskablePPO of sb3-contrib, with masks where the family has them (``BatchEnv.masked``)."""

    env: BatchEnv

    def learn(self, *args: Any, **keys: Any) -> "FamilyMaskedPPO":
        """See sb3-contrib."""
        return super().learn(*args, **keys | {"use_masking": self.env.masked})


class CountedARS(ARS):
    """ARS of sb3-contrib that counts each step of each environment once.

    sb3-contrib calls back for every environment of a step, and counts all of them each time.
    """

    weights: Any

    def set_parameters(self, *args: Any, **keys: Any) -> None:
        """See stable-baselines3; ARS searches around a copy of the policy's weights."""
        super().set_parameters(*args, **keys)
        self.weights = nn.utils.parameters_to_vector(self.policy.parameters()).detach()

    def _trigger_callback(
        self,
        _locals: Any,
        _globals: Any,
        callback: BaseCallback,
        n_envs: int,  # noqa: ARG002
    ) -> None:
        super()._trigger_callback(_locals, _globals, callback, n_envs=1)


class TrunkARSPolicy(ARSPolicy):
    """A network of the catalogue whose weights ARS perturbs.

    ARS of Mania et al. 2018 is linear: the network "linear". Continuous actions are the network's
    outputs, clipped to their box.
    """

    def __init__(
        self,
        observation_space: Any,
        action_space: Any,
        *,
        features_extractor_kwargs: dict[str, Any],
    ) -> None:
        super().__init__(observation_space, action_space, net_arch=[], squash_output=False)
        self.features_extractor = TrunkExtractor(observation_space, **features_extractor_kwargs)
        self.features_dim = self.features_extractor.features_dim
        continuous = isinstance(action_space, gym.spaces.Box)
        size = get_action_dim(action_space) if continuous else int(action_space.n)
        self.action_net = nn.Sequential(nn.Linear(self.features_dim, size))

    def extract_features(self, obs: Any, features_extractor: Any = None) -> Any:
        """Pass observations to the network unchanged; see ``BatchedPolicy``."""
        return (features_extractor or self.features_extractor)(obs)


def _quantiles(model: Any) -> tuple[Trunk, nn.Module]:
    net = model.quantile_net
    head = MeanOfQuantiles(net.quantile_net[0], int(model.action_space.n))
    return net.features_extractor.layers, head


def _searched(model: Any) -> tuple[Trunk, nn.Module]:
    trunk, head = model.policy.features_extractor.layers, model.policy.action_net[0]
    continuous = isinstance(model.action_space, gym.spaces.Box)
    return trunk, BoxHead(head, None) if continuous else head


def _renormed_actor(model: Any) -> tuple[Trunk, nn.Module]:
    own = model.policy.actor
    trunk = Trunk(*own.features_extractor.layers, *joined(own.latent_pi))
    mean, log_std = own.mu, own.log_std
    if own.latent_pi:
        mean, log_std = (Renormed(own.latent_pi[-1], head) for head in (mean, log_std))
    return trunk, BoxHead(mean, log_std)


class WholeSequences(RecurrentActorCriticPolicy):
    """Passes whole sequences through the LSTM at once, and observations unchanged to the network.

    sb3-contrib passes step by step sequences in which an episode begins, to reset the state. Its
    buffer cuts sequences there, so that an episode can begin only at the start of a sequence.
    """

    @staticmethod
    def _process_sequence(
        features: torch.Tensor,
        lstm_states: tuple[torch.Tensor, torch.Tensor],
        episode_starts: torch.Tensor,
        lstm: nn.LSTM,
    ) -> Any:
        number = lstm_states[0].shape[1]
        goes_on = 1 - episode_starts.reshape(number, -1)[:, :1]
        hidden, cell = (goes_on * state for state in lstm_states)
        steps = features.reshape(number, -1, lstm.input_size).swapaxes(0, 1)
        out, after = lstm(steps, (hidden, cell))
        return out.swapaxes(0, 1).flatten(0, 1), after

    def extract_features(self, obs: Any, features_extractor: Any = None) -> Any:
        """See ``BatchedPolicy``."""
        return (features_extractor or self.features_extractor)(obs)


TRPO_RECIPE = Recipe(
    BatchedTRPO,
    # Not BatchedPolicy: TRPO differentiates twice, which our fast first layers cannot, and
    # those are left out for observations that are floats, as this policy makes them.
    "MlpPolicy",
    actor,
    "softmax",
    "gaussian",
    adam=ON_POLICY,
    # What is shared with the actor would not be trained by the critic, which must not move it.
    policy_settings={"share_features_extractor": False},
    arguments={"rollout_buffer_class": Rollouts},
    batched=True,
)
MASKABLE_PPO_RECIPE = Recipe(
    FamilyMaskedPPO, "MlpPolicy", actor, "softmax", adam=ON_POLICY, masked=True
)
# Dabney et al. 2018 give 0.01 / 32, the batch size.
QRDQN_RECIPE = Recipe(QRDQN, "MlpPolicy", _quantiles, "argmax", adam={"eps": 0.01 / 32})
ARS_RECIPE = Recipe(CountedARS, TrunkARSPolicy, _searched, "argmax", "clip")
RECURRENT_PPO_RECIPE = Recipe(
    RecurrentPPO,
    WholeSequences,
    actor,
    "softmax",
    adam=ON_POLICY,
    lstm=lambda model: model.policy.lstm_actor,
)
TQC_RECIPE = Recipe(TQC, "MlpPolicy", soft_actor, box_head="tanh-gaussian", adam={}, joined=True)
CROSSQ_RECIPE = Recipe(
    CrossQ,
    "MlpPolicy",
    _renormed_actor,
    box_head="tanh-gaussian",
    adam={"betas": (0.5, 0.999)},
    joined=True,
)
