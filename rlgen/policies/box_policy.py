"""Torch networks as policies with continuous actions."""

from collections.abc import Callable, Mapping
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from rlgen.networks import box_head, inference
from rlgen.networks.box_head import BoxHead, Normals
from rlgen.policies.base import Actions, Policy
from rlgen.policies.box import clipped
from rlgen.policies.spec import ContinuousSpec


class BoxPolicy(Policy):
    """Actions drawn from the normal distributions of a torch network, or their means.

    Args:
        box: The action space.
        normals: Means and logarithms of standard deviations, of a batch of observations of
            moderate size; without deviations actions are not drawn.
        parts: Its modules, by the names that their weights have in a checkpoint; they are switched
            from training to evaluation while it acts.
        squashed: Whether actions are squashed into the box with tanh; otherwise they are clipped.
        stochastic: Whether there are deviations.
        spec: Describes a network that was trained here.
    """

    def __init__(
        self,
        box: gym.spaces.Box,
        normals: Callable[[NDArray[Any]], Normals],
        parts: Mapping[str, nn.Module],
        *,
        squashed: bool,
        stochastic: bool,
        spec: ContinuousSpec | None = None,
    ) -> None:
        self.parts, self.stochastic, self.spec = parts, stochastic, spec
        self._box, self._normals, self._squashed = box, normals, squashed
        self._device = inference.device_of(*parts.values())

    def act(
        self, observations: NDArray[Any], state: Any, rng: np.random.Generator | None
    ) -> tuple[Actions, Any]:
        """See ``Policy.act``."""
        means, log_stds = [], []
        with inference.playing(*self.parts.values()):
            for rows in inference.batches(len(observations), self._device):
                mean, log_std = self._normals(observations[rows])
                means.append(mean.float().cpu().numpy())
                if log_std is not None:
                    log_stds.append(log_std.float().cpu().numpy())
        actions = np.concatenate(means)
        if rng is not None and log_stds:
            deviation = np.exp(np.concatenate(log_stds))
            actions = actions + deviation * rng.standard_normal(actions.shape, np.float32)
        actions = actions.reshape(len(actions), *self._box.shape)
        if self._squashed:
            low, high = self._box.low, self._box.high
            actions = low + (np.tanh(actions) + 1) / 2 * (high - low)
        return clipped(actions, self._box), state


def of_layers(trunk: nn.Module, head: BoxHead, box: gym.spaces.Box, *, squashed: bool) -> BoxPolicy:
    """The policy of any torch module and a ``BoxHead``.

    Args:
        trunk: From observations ``(B, *shape)`` to features.
        head: From features to normal distributions.
        box: The action space.
        squashed: See ``BoxPolicy``.
    """
    device = inference.device_of(trunk, head)

    def normals(observations: NDArray[Any]) -> Normals:
        inputs = torch.from_numpy(np.ascontiguousarray(observations)).to(device)
        both: Normals = head(trunk(inputs))
        return both

    parts = {"trunk": trunk, "head": head}
    stochastic = head.log_std is not None
    return BoxPolicy(box, normals, parts, squashed=squashed, stochastic=stochastic)


def trained(spec: ContinuousSpec, trunk: nn.Module, head: BoxHead) -> BoxPolicy:
    """The policy of a network that is trained here; its head is a key of ``box_head.SQUASHED``."""
    policy = of_layers(trunk, head, spec.box.box, squashed=box_head.SQUASHED[spec.head])
    policy.spec = spec
    return policy
