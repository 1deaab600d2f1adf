"""Network architectures as data: convolutions, then dense layers, with ReLU everywhere."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING

from rlgen.errors import ProtocolError
from rlgen.networks.base import Network

if TYPE_CHECKING:  # so that names are listed without numpy
    import gymnasium as gym

    from rlgen.levels.spaces import Part
    from rlgen.networks.trunk import Trunk


@dataclass(frozen=True)
class Conv:
    """One convolution.

    Attributes:
        kernel: Side of the square kernel.
        stride: Stride in both directions.
        channels: Number of output channels.
        padding: Width of the border of zeros around its input.
    """

    kernel: int
    stride: int
    channels: int
    padding: int = 0

    def __str__(self) -> str:
        padded = f"P{self.padding}" if self.padding else ""
        return f"K{self.kernel}S{self.stride}C{self.channels}{padded}"


@dataclass(frozen=True)
class Layers(Network):
    """Convolutions, then dense layers on their output, or on the flattened observation.

    Attributes:
        convs: Convolutions, first to last; there may be none.
        dense: Widths of dense layers, first to last; there may be none. With neither, the heads
            are linear in the observation.
    """

    convs: tuple[Conv, ...] = ()
    dense: tuple[int, ...] = ()

    @property
    def card(self) -> str:  # type: ignore[override]  # said by the layers
        """The layers as one line of text."""
        if self.convs:
            return "ConvNet " + " > ".join(map(str, (*self.convs, *self.dense)))
        return "MLP " + "-".join(map(str, self.dense)) if self.dense else "linear"

    @property
    def wide(self) -> bool:  # type: ignore[override]  # decided by the layers
        """Whether lower precision saves more time than the conversions take."""
        return bool(self.dense) or any(conv.channels >= 32 for conv in self.convs)

    def check(self, shape: tuple[int, ...], parts: "Sequence[Part]" = ()) -> None:
        """See ``Network``."""
        self.n_inputs(shape, parts)

    def build(self, space: "gym.spaces.Box") -> "tuple[Trunk, int]":
        """See ``Network``."""
        from rlgen.levels.spaces import parts_of
        from rlgen.networks.stack import layers

        shape, parts = space.shape, parts_of(space)
        return layers(self, shape, parts), self.n_features(shape, parts)

    def without_dense(self) -> "Layers":
        """See ``Network``."""
        return replace(self, dense=())

    def has_hidden_units(self, *, packed: bool) -> bool:
        """See ``Network``: features of packed pictures are joined by entries that are no units."""
        return bool(self.dense or (self.convs and not packed))

    def n_features(self, shape: tuple[int, ...], parts: "Sequence[Part]" = ()) -> int:
        """Width of the trunk's output.

        Args:
            shape: Shape of one observation.
            parts: Where dictionary observations are packed in vectors: their layout. Each picture
                has convolutions of its own; other entries are concatenated with their outputs.

        Raises:
            ProtocolError: If the network does not fit the observation.
        """
        width = self.n_inputs(shape, parts)
        return self.dense[-1] if self.dense else width

    def n_inputs(self, shape: tuple[int, ...], parts: "Sequence[Part]" = ()) -> int:
        """Width of the dense layers' input; arguments and errors as of ``n_features``."""
        if not self.convs:
            return prod(shape)
        if not parts:
            return self._n_convolved(shape)
        if not any(part.is_picture for part in parts):
            entries = ", ".join(f"{part.name} {part.shape}" for part in parts)
            raise ProtocolError(f"convolutions need a picture (C, H, W) in {entries}; use an mlp")
        return sum(
            self._n_convolved(part.shape) if part.is_picture else prod(part.shape) for part in parts
        )

    def _n_convolved(self, shape: tuple[int, ...]) -> int:
        if len(shape) != 3:
            raise ProtocolError(
                f"convolutions need observations of shape (C, H, W), not {shape}; use an mlp"
            )
        _, height, width = shape
        for conv in self.convs:
            height = (height + 2 * conv.padding - conv.kernel) // conv.stride + 1
            width = (width + 2 * conv.padding - conv.kernel) // conv.stride + 1
            if min(height, width) < 1:
                raise ProtocolError(
                    f"{self.card} does not fit observations of {shape[1]} x {shape[2]} cells"
                )
        return prod((self.convs[-1].channels, height, width))


#: Two that stable-baselines3's users know, its own for vectors and that of Mnih et al. 2015 for
#: pictures; and none, which is ARS's. Papers bring their own.
ARCHITECTURES: dict[str, Layers] = {
    "mlp-64-64": Layers(dense=(64, 64)),
    "linear": Layers(),
    "nature": Layers((Conv(8, 4, 32), Conv(4, 2, 64), Conv(3, 1, 64)), (512,)),
}
