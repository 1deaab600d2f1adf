"""Networks as policies with continuous actions."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from rlgen.networks import box_head, inference
from rlgen.networks.box_head import BoxHead, Normals
from rlgen.networks.trunk import Trunk
from rlgen.policies.base import Actions, ContinuousPolicy
from rlgen.policies.box import clipped
from rlgen.policies.torch_policy import PolicySpec


class BoxPolicy(ContinuousPolicy):
    """A policy whose actions are drawn from normal distributions, or are their means.

    Args:
        box: The action space.
        network: The modules to switch from training to evaluation while it acts.
        squashed: Whether they are squashed into the box with tanh; otherwise they are clipped.
    """

    def __init__(self, box: gym.spaces.Box, *network: nn.Module, squashed: bool) -> None:
        self._box, self._network, self._squashed = box, network, squashed
        parameters = (p for part in network for p in part.parameters())
        self._device = next((p.device for p in parameters), inference.CPU)

    @abstractmethod
    def normals(self, observations: NDArray[Any]) -> Normals:
        """Means and logarithms of standard deviations, for one batch of observations."""

    def act(
        self, observations: NDArray[Any], memory: Any, rng: np.random.Generator | None
    ) -> tuple[Actions, Any]:
        """See ``ContinuousPolicy.act``."""
        means, log_stds = [], []
        with inference.playing(*self._network):
            for rows in inference.batches(len(observations), self._device):
                mean, log_std = self.normals(observations[rows])
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
        return clipped(actions, self._box), memory


class ContinuousNetworkPolicy(BoxPolicy):
    """Continuous actions from any torch module and a ``BoxHead``.

    Args:
        trunk: From observations ``(B, *shape)`` to features.
        head: From features to normal distributions.
        box: The action space.
        squashed: See ``BoxPolicy``.
    """

    def __init__(
        self, trunk: nn.Module, head: BoxHead, box: gym.spaces.Box, *, squashed: bool
    ) -> None:
        super().__init__(box, trunk, head, squashed=squashed)
        self.stochastic = head.log_std is not None
        self._trunk, self._head = trunk, head

    def normals(self, observations: NDArray[Any]) -> Normals:
        """See ``BoxPolicy.normals``."""
        inputs = torch.from_numpy(np.ascontiguousarray(observations)).to(self._device)
        normals: Normals = self._head(self._trunk(inputs))
        return normals


@dataclass(frozen=True)
class BoxSpec:
    """A box of actions as plain values: its shape, and its flattened bounds."""

    shape: tuple[int, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    @classmethod
    def of(cls, box: gym.spaces.Box) -> "BoxSpec":
        """Read them off a Gymnasium box."""
        low, high = (tuple(map(float, edge.ravel())) for edge in (box.low, box.high))
        return cls(box.shape, low, high)

    @property
    def box(self) -> gym.spaces.Box:
        """The Gymnasium box, float32."""
        low, high = (np.array(e, np.float32).reshape(self.shape) for e in (self.low, self.high))
        return gym.spaces.Box(low, high, self.shape, np.float32)


@dataclass(frozen=True)
class ContinuousSpec(PolicySpec):
    """The specification of a network with a ``BoxHead``.

    ``n_actions`` is the number of entries of an action.

    Attributes:
        box: The action space.
    """

    box: BoxSpec


class ContinuousTorchPolicy(ContinuousNetworkPolicy):
    """Continuous actions from a trunk and a ``BoxHead``, whose weights may still be learning.

    Args:
        spec: Describes the network; its head is a key of ``box_head.SQUASHED``.
        trunk: From observations to features.
        head: From features to normal distributions.
    """

    def __init__(self, spec: ContinuousSpec, trunk: Trunk, head: BoxHead) -> None:
        super().__init__(trunk, head, spec.box.box, squashed=box_head.SQUASHED[spec.head])
        self.spec = spec

    @property
    def parts(self) -> Mapping[str, nn.Module]:
        """Its modules, by the names that their weights have in a checkpoint."""
        return {"trunk": self._trunk, "head": self._head}
