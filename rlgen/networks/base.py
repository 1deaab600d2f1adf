"""The base class of networks: from the observations of a family to features, by name."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rlgen.errors import ProtocolError

if TYPE_CHECKING:  # so that names are listed without numpy
    import gymnasium as gym

    from rlgen.levels.family import Family
    from rlgen.levels.spaces import Part
    from rlgen.networks.trunk import Trunk


class Network(ABC):
    """What stands between observations and the heads of a policy: a member of ``NETWORKS``.

    Attributes:
        card: One line of text.
        any_size: Whether the same weights take pictures of any height and width.
        wide: Whether lower precision saves more time than the conversions take.
        dense: Widths of dense layers at the end. Critics of actions receive the action there.
        own_head: Whether it makes its head itself, in place of a linear layer.
        learning_rate: Of clones, and of agents that learn by gradient descent and have no option
            of another; None leaves them their own.
    """

    card: str
    any_size: bool = False
    wide: bool = False
    dense: tuple[int, ...] = ()
    own_head: bool = False
    learning_rate: float | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """What results depend on beside its name, as plain values; empty for layers as data."""
        return {}

    @abstractmethod
    def check(self, shape: tuple[int, ...], parts: "Sequence[Part]" = ()) -> None:
        """Refuse observations that the network cannot take.

        Args:
            shape: Shape of one observation.
            parts: Where dictionary observations are packed in vectors: their layout.

        Raises:
            ProtocolError: With the reason.
        """

    def for_family(self, family: "Family") -> "Network":
        """The network for the levels of a family.

        Raises:
            ProtocolError: If it needs to know of them what the family does not say.
        """
        del family
        return self

    @abstractmethod
    def build(self, space: "gym.spaces.Box") -> "tuple[Trunk, int]":
        """Make an untrained trunk for an observation space.

        Returns:
            The trunk, and the width of its features.

        Raises:
            ProtocolError: If it does not fit the observations.
        """

    def without_dense(self) -> "Network":
        """The same network without its ``dense`` layers."""
        return self

    @abstractmethod
    def has_hidden_units(self, *, packed: bool) -> bool:
        """Whether it has hidden units, which dropout may leave out.

        Args:
            packed: Whether observations are dictionaries, packed in vectors.
        """

    def fits(
        self, observation_shape: tuple[int, ...], trained_on: tuple[int, ...] | None = None
    ) -> str | None:
        """The reason why the network cannot take these observations, or None if it can.

        Args:
            observation_shape: Shape of one observation.
            trained_on: The shape for which it has been made: its weights take no other, unless it
                takes any size; then pictures need only have as many channels.

        Example:
            >>> from rlgen.networks import NETWORKS
            >>> NETWORKS["linear"].fits((7, 13, 13), trained_on=(7, 9, 9))
            'takes observations of shape (7, 9, 9), on which it is trained, not (7, 13, 13)'
        """
        if observation_shape == trained_on:
            return None
        if trained_on is not None:
            if not self.any_size:
                return (
                    f"takes observations of shape {trained_on}, on which it is trained, "
                    f"not {observation_shape}"
                )
            if len(observation_shape) != 3 or observation_shape[0] != trained_on[0]:
                return (
                    f"takes pictures of any size with {trained_on[0]} channels, on which it is "
                    f"trained, not observations of shape {observation_shape}"
                )
        try:
            self.check(observation_shape)
        except ProtocolError as error:
            return str(error)
        return None
