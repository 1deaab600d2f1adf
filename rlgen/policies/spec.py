"""Specifications from which trained networks are built again."""

from dataclasses import dataclass, field
from typing import Any

import gymnasium as gym
import numpy as np

from rlgen.levels.spaces import Part, parts_of
from rlgen.networks.base import Network
from rlgen.networks.factory import Factory


@dataclass(frozen=True)
class BoxSpec:
    """A box as plain values: its shape, and its flattened bounds, or one that all entries have."""

    shape: tuple[int, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    @classmethod
    def of(cls, box: gym.spaces.Box) -> "BoxSpec":
        """Read them off a Gymnasium box."""
        low, high = (tuple(map(float, edge.ravel())) for edge in (box.low, box.high))
        return cls(box.shape, low, high)

    @classmethod
    def brief(cls, box: gym.spaces.Box) -> "BoxSpec":
        """Read them off a Gymnasium box; of equal bounds only the first is kept."""
        whole = cls.of(box)
        low, high = (e[:1] if len(set(e)) == 1 else e for e in (whole.low, whole.high))
        return cls(box.shape, low, high)

    @property
    def box(self) -> gym.spaces.Box:
        """The Gymnasium box, float32."""
        low, high = (
            np.full(self.shape, e[0], np.float32)
            if len(e) == 1
            else np.array(e, np.float32).reshape(self.shape)
            for e in (self.low, self.high)
        )
        return gym.spaces.Box(low, high, self.shape, np.float32)


@dataclass(frozen=True)
class PolicySpec:
    """The specification from which a network is built again.

    Attributes:
        network: The trunk.
        observation_shape: Shape of one observation.
        n_actions: Number of actions.
        head: "softmax": scores are logits; "argmax": scores are action values.
        parts: Where dictionary observations are packed in vectors: the entries.
        observations: The observation space, where the network is made for it by a function.
        masked: Whether it was trained without the actions that are not valid, see ``Policy``.
    """

    network: Network
    observation_shape: tuple[int, ...]
    n_actions: int
    head: str
    parts: tuple[Part, ...] = field(default=(), kw_only=True)
    observations: BoxSpec | None = field(default=None, kw_only=True)
    masked: bool = field(default=False, kw_only=True)

    def fits(self, observation_shape: tuple[int, ...]) -> str | None:
        """The reason why observations of this shape cannot be taken, or None if they can."""
        return self.network.fits(observation_shape, trained_on=self.observation_shape)


def observed(network: Network, space: gym.spaces.Box) -> dict[str, Any]:
    """What a ``PolicySpec`` keeps of an observation space besides its shape, as its arguments."""
    if isinstance(network, Factory):
        return {"observations": BoxSpec.brief(space)}
    return {"parts": parts_of(space)}


@dataclass(frozen=True)
class RecurrentSpec(PolicySpec):
    """The specification of a network with an LSTM between trunk and head.

    Attributes:
        lstm_hidden_size: Units of each layer of the LSTM.
        n_lstm_layers: Number of its layers.
    """

    lstm_hidden_size: int
    n_lstm_layers: int


@dataclass(frozen=True)
class ContinuousSpec(PolicySpec):
    """The specification of a network with a ``BoxHead``.

    ``n_actions`` is the number of entries of an action.

    Attributes:
        box: The action space.
    """

    box: BoxSpec
