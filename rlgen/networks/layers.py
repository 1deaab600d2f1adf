"""The network architectures of the paper (appendix A.3; method 1.8), as data.

ReLU everywhere, convolutions without padding (A-19); the paper's have no dense layer between the
last convolution and the linear policy and value heads (A-20).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from rlgen.errors import ProtocolError

if TYPE_CHECKING:  # so that names are listed without numpy
    from rlgen.levels.spaces import Part


@dataclass(frozen=True)
class Conv:
    """One convolution: kernel size, stride, output channels, zeros put around its input."""

    kernel: int
    stride: int
    channels: int
    padding: int = 0

    def __str__(self) -> str:
        padded = f"P{self.padding}" if self.padding else ""
        return f"K{self.kernel}S{self.stride}C{self.channels}{padded}"


@dataclass(frozen=True)
class Network:
    """A trunk: convolutions, then dense layers on what they give, or on the flattened observation.

    Attributes:
        convs: Convolutions, first to last; there may be none.
        dense: Widths of dense layers, first to last; there may be none. With neither, the heads
            are linear in the observation.
    """

    convs: tuple[Conv, ...] = ()
    dense: tuple[int, ...] = ()

    @property
    def card(self) -> str:
        """The layers."""
        if self.convs:
            return "ConvNet " + " > ".join(map(str, (*self.convs, *self.dense)))
        return "MLP " + "-".join(map(str, self.dense)) if self.dense else "linear"

    @property
    def wide(self) -> bool:
        """Whether its arithmetic is worth the conversions to and from a narrower number."""
        return bool(self.dense) or any(conv.channels >= 32 for conv in self.convs)

    def n_features(self, shape: tuple[int, ...], parts: "Sequence[Part]" = ()) -> int:
        """Width of the trunk's output.

        Args:
            shape: Of one observation.
            parts: Where it is a dictionary: what stands where in its vector. Each picture goes
                through convolutions of its own, and all else to what comes after these.

        Raises:
            ProtocolError: If the network does not fit the observation.
        """
        width = self.n_inputs(shape, parts)
        return self.dense[-1] if self.dense else width

    def n_inputs(self, shape: tuple[int, ...], parts: "Sequence[Part]" = ()) -> int:
        """Width of what the dense layers see; arguments and errors as of ``n_features``."""
        if not self.convs:
            return prod(shape)
        if not parts:
            return self._n_convolved(shape)
        if not any(map(pictured, parts)):
            told = ", ".join(f"{part.name} {part.shape}" for part in parts)
            raise ProtocolError(f"convolutions need a picture (C, H, W) in {told}; use an mlp")
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
    """Whether convolutions see an entry of a dictionary."""
    return len(part.shape) == 3


def _plain(channels: int) -> Network:
    return Network((Conv(3, 1, channels), Conv(3, 2, channels)))


def _deep(channels: int, depth: int) -> Network:
    return Network((*[Conv(2, 1, channels)] * depth, Conv(3, 2, channels)))


#: The paper's 17 distinct architectures.
_PAPER: dict[str, Network] = {
    "conv-a": _plain(11),
    "conv-b": _plain(64),
    "conv-k2x2": _deep(64, 2),
    "conv-k2x3": _deep(64, 3),
    "conv-k2x4": _deep(64, 4),
    "big-128-x3": _deep(128, 3),
    "big-128-x6": _deep(128, 6),
    "big-256-x3": _deep(256, 3),
    "big-256-x6": _deep(256, 6),
    "big-512-x3": _deep(512, 3),
    "big-512-x6": _deep(512, 6),
    "mlp-512-128": Network(dense=(512, 128)),
    "mlp-512-512": Network(dense=(512, 512)),
    "mlp-1024-1024": Network(dense=(1024, 1024)),
    "mlp-512-128-64": Network(dense=(512, 128, 64)),
    "mlp-1024-512-128": Network(dense=(1024, 512, 128)),
    "mlp-1024x3": Network(dense=(1024, 1024, 1024)),
}

#: All of them; the first under two other readings of the paper, with padding (A-19) and with a
#: dense layer (A-20); two that stable-baselines3's users know: its own for vectors, and that of
#: Mnih et al. 2015 for pictures; and none, which is ARS's.
ARCHITECTURES: dict[str, Network] = {
    **_PAPER,
    "conv-a-same": Network((Conv(3, 1, 11, padding=1), Conv(3, 2, 11, padding=1))),
    "conv-a-dense": Network(_plain(11).convs, (256,)),
    "mlp-64-64": Network(dense=(64, 64)),
    "linear": Network(),
    "nature": Network((Conv(8, 4, 32), Conv(4, 2, 64), Conv(3, 1, 64)), (512,)),
}
