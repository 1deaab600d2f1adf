"""A trained network as a policy."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from rlgen.levels.spaces import Part
from rlgen.networks import inference
from rlgen.networks.base import Network
from rlgen.networks.trunk import Trunk
from rlgen.policies.base import MemorylessPolicy


@dataclass(frozen=True)
class PolicySpec:
    """The specification from which a network is built again.

    Attributes:
        network: The trunk.
        observation_shape: Shape of one observation.
        n_actions: Number of actions.
        head: "softmax": scores are logits; "argmax": scores are action values.
        parts: Where dictionary observations are packed in vectors: the entries.
    """

    network: Network
    observation_shape: tuple[int, ...]
    n_actions: int
    head: str
    parts: tuple[Part, ...] = field(default=(), kw_only=True)


class TorchPolicy(MemorylessPolicy):
    """Action probabilities of a trunk and a linear head.

    Args:
        spec: Describes the network.
        trunk: From observations to features.
        head: From features to scores ``(B, n_actions)``.
    """

    def __init__(self, spec: PolicySpec, trunk: Trunk, head: nn.Module) -> None:
        self.spec = spec
        self.stochastic = spec.head == "softmax"
        self._trunk, self._head = trunk, head
        self._device = next(head.parameters()).device

    @property
    def parts(self) -> Mapping[str, nn.Module]:
        """Its modules, by the names that their weights have in a checkpoint."""
        return {"trunk": self._trunk, "head": self._head}

    def probabilities(self, observations: NDArray[Any]) -> NDArray[np.float64]:
        """See ``MemorylessPolicy.probabilities``; the softmax is taken in float64."""
        out = np.empty((len(observations), self.spec.n_actions))
        with inference.playing(self._trunk, self._head):
            for rows in inference.batches(len(observations), self._device):
                part = torch.from_numpy(observations[rows]).to(self._device)
                scores = self._head(self._trunk(part))
                out[rows] = inference.probabilities(scores, softmax=self.stochastic).cpu().numpy()
        return out
