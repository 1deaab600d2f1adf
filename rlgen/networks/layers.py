"""Network architectures as data: convolutions, then dense layers, with ReLU everywhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from rlgen.errors import ProtocolError

if TYPE_CHECKING:  # so that names are listed without numpy
    from rlgen.levels.spaces import Part


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
class Network:
    """A trunk: convolutions, then dense layers on their output, or on the flattened observation.

    Attributes:
        convs: Convolutions, first to last; there may be none.
        dense: Widths of dense layers, first to last; there may be none. With neither, the heads
            are linear in the observation.
    """

    convs: tuple[Conv, ...] = ()
    dense: tuple[int, ...] = ()

    @property
    def card(self) -> str:
        """The layers as one line of text."""
        if self.convs:
            return "ConvNet " + " > ".join(map(str, (*self.convs, *self.dense)))
        return "MLP " + "-".join(map(str, self.dense)) if self.dense else "linear"

    @property
    def wide(self) -> bool:
        """Whether lower precision saves more time than the conversions take."""
        return bool(self.dense) or any(conv.channels >= 32 for conv in self.convs)

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
        if not any(map(pictured, parts)):
            entries = ", ".join(f"{part.name} {part.shape}" for part in parts)
            raise ProtocolError(f"convolutions need a picture (C, H, W) in {entries}; use an mlp")
        return sum(
            self._n_convolved(part.shape) if pictured(part) else prod(part.shape) for part in parts
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


def pictured(part: "Part") -> bool:
    """Whether an entry of a dictionary is a picture, to which convolutions apply."""
    return len(part.shape) == 3


#: Two that stable-baselines3's users know, its own for vectors and that of Mnih et al. 2015 for
#: pictures; and none, which is ARS's. Papers bring their own.
ARCHITECTURES: dict[str, Network] = {
    "mlp-64-64": Network(dense=(64, 64)),
    "linear": Network(),
    "nature": Network((Conv(8, 4, 32), Conv(4, 2, 64), Conv(3, 1, 64)), (512,)),
}
