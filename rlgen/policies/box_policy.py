"""Torch networks as policies with continuous actions."""

from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from rlgen.errors import PolicyError
from rlgen.networks import box_head, inference
from rlgen.networks.box_head import BoxHead, Normals
from rlgen.policies.base import Actions
from rlgen.policies.box import clipped
from rlgen.policies.spec import ContinuousSpec
from rlgen.policies.torch_policy import State, Step, TorchPolicy


class BoxPolicy(TorchPolicy):
    """Actions drawn from the normal distributions of a torch network, or their means.

    Args:
        box: The action space.
        step: See ``TorchPolicy``; its output are ``box_head.Normals``: means and logarithms of
            standard deviations. Without deviations actions are not drawn.
        parts: See ``TorchPolicy``.
        squashed: Whether actions are squashed into the box with tanh; otherwise they are clipped.
        stochastic: Whether there are deviations.
        lstm: See ``TorchPolicy``.
        spec: Describes a network that was trained here.
    """

    def __init__(
        self,
        box: gym.spaces.Box,
        step: Step,
        parts: Mapping[str, nn.Module],
        *,
        squashed: bool,
        stochastic: bool,
        lstm: nn.LSTM | None = None,
        spec: ContinuousSpec | None = None,
    ) -> None:
        super().__init__(step, parts, stochastic=stochastic, lstm=lstm)
        self.spec = spec
        self._box, self._squashed = box, squashed

    def act(
        self, observations: NDArray[Any], state: State | None, rng: np.random.Generator | None
    ) -> tuple[Actions, State | None]:
        """See ``Policy.act``."""
        normals, after = self.stepped(observations, state)
        means = [_array(mean) for mean, _ in normals]
        log_stds = [_array(log_std) for _, log_std in normals if log_std is not None]
        actions = np.concatenate(means)
        if rng is not None and log_stds:
            deviation = np.exp(np.concatenate(log_stds))
            actions = actions + deviation * rng.standard_normal(actions.shape, np.float32)
        actions = actions.reshape(len(actions), *self._box.shape)
        if self._squashed:
            low, high = self._box.low, self._box.high
            actions = low + (np.tanh(actions) + 1) / 2 * (high - low)
        if np.isnan(actions).any():
            raise PolicyError("the policy's actions are nan")
        return clipped(actions, self._box), after


def _array(tensor: torch.Tensor) -> NDArray[Any]:
    numbers: NDArray[Any] = tensor.detach().float().cpu().numpy()
    return numbers


def of_layers(trunk: nn.Module, head: BoxHead, box: gym.spaces.Box, *, squashed: bool) -> BoxPolicy:
    """The policy of any torch module and a ``BoxHead``.

    Args:
        trunk: From observations ``(B, *shape)`` to features.
        head: From features to normal distributions.
        box: The action space.
        squashed: See ``BoxPolicy``.
    """
    device = inference.device_of(trunk, head)

    def step(observations: NDArray[Any], state: State | None) -> tuple[Normals, State | None]:
        inputs = torch.from_numpy(np.ascontiguousarray(observations)).to(device)
        return head(trunk(inputs)), state

    parts = {"trunk": trunk, "head": head}
    stochastic = head.log_std is not None
    return BoxPolicy(box, step, parts, squashed=squashed, stochastic=stochastic)


def trained(spec: ContinuousSpec, trunk: nn.Module, head: BoxHead) -> BoxPolicy:
    """The policy of a network that is trained here; its head is a key of ``box_head.SQUASHED``."""
    policy = of_layers(trunk, head, spec.box.box, squashed=box_head.SQUASHED[spec.head])
    policy.spec = spec
    return policy
