"""The first layer of a network on observations that hardly differ from one another.

Pictures of mazes are zeros and ones, and most pixels are the same in every picture of a batch. With
``r`` the batch's typical observation, a linear layer is ``f(x) = f(r) + f(x - r)``: the first term
is computed once, and the second needs only the rows of weights of the pixels in which ``x`` differs
from ``r``. The result is that of the dense layer up to rounding for any observations; only the time
depends on how similar they are.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from rlgen.util.jit import compiled

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Deviations:
    """A batch as its typical observation and the deviations of each from it.

    Attributes:
        typical: float32 ``(C, H, W)``.
        first: int64 ``(B + 1,)``; those of observation ``b`` are ``first[b]:first[b + 1]``.
        index: int32; flat index of the pixel in ``(C, H, W)``.
        difference: float32; its value minus the typical value.
    """

    typical: Floats
    first: NDArray[np.int64]
    index: NDArray[np.int32]
    difference: Floats

    @staticmethod
    def of(observations: torch.Tensor) -> "Deviations":
        """Compute them from observations on the CPU, uint8 ``(B, C, H, W)`` or of another shape."""
        pixels = observations.contiguous().numpy()
        flat = pixels.reshape(len(pixels), -1)
        first = np.empty(len(flat) + 1, np.int64)
        # The largest possible sizes; pages never written take no memory.
        index, difference = np.empty(flat.size, np.int32), np.empty(flat.size, np.float32)
        typical = np.empty(flat.shape[1], np.uint8)
        n = _deviations(flat, typical, first, index, difference)
        shape = pixels.shape[1:]
        return Deviations(
            typical.astype(np.float32).reshape(shape), first, index[:n], difference[:n]
        )

    def flat(self) -> "Deviations":
        """These deviations with each pixel as a channel of its own."""
        return replace(self, typical=self.typical.reshape(-1, 1, 1))

    @property
    def arrays(self) -> tuple[Floats, NDArray[np.int64], NDArray[np.int32], Floats]:
        """The fields in the order of the compiled loops' arguments."""
        return self.typical, self.first, self.index, self.difference


def sparse_layer(
    deviations: Deviations, weight: torch.Tensor, bias: torch.Tensor, stride: int
) -> torch.Tensor:
    """A convolution with ReLU; a linear layer is one of single pixels (``Deviations.flat``).

    Args:
        deviations: Of observations ``(B, C, H, W)``.
        weight: ``(F, C, K, K)``; wide layers gain most.
        bias: ``(F,)``.
        stride: Stride of the convolution.

    Returns:
        float32 ``(B, F, H', W')`` with the channels innermost in memory.
    """
    out: torch.Tensor = _SparseLayer.apply(deviations, weight, bias, stride)  # type: ignore[no-untyped-call]
    return out


class _SparseLayer(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, deviations: Deviations, weight: torch.Tensor, bias: torch.Tensor, stride: int
    ) -> torch.Tensor:
        rows = weight.detach().permute(1, 2, 3, 0).contiguous()
        height, width = (
            (size - weight.shape[2]) // stride + 1 for size in deviations.typical.shape[1:]
        )
        out = torch.empty(len(deviations.first) - 1, height, width, len(bias))
        _forward(*deviations.arrays, rows.numpy(), bias.detach().numpy(), stride, out.numpy())
        ctx.deviations, ctx.stride, ctx.shape = deviations, stride, rows.shape
        ctx.save_for_backward(out)
        return out.permute(0, 3, 1, 2)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        (out,) = ctx.saved_tensors
        gradient = gradients[0].permute(0, 2, 3, 1).contiguous()
        rows, bias = torch.zeros(ctx.shape), torch.zeros(ctx.shape[-1])
        arguments = (out.numpy(), gradient.numpy(), ctx.stride, rows.numpy(), bias.numpy())
        _backward(*ctx.deviations.arrays, *arguments)
        return None, rows.permute(3, 0, 1, 2), bias, None


@compiled("i8(u1[:,::1], u1[::1], i8[::1], i4[::1], f4[::1])")
def _deviations(pixels, typical, first, index, difference):  # type: ignore[no-untyped-def]
    n, size = pixels.shape
    total = np.zeros(size, np.int64)
    for b in range(n):
        for i in range(size):
            total[i] += pixels[b, i]
    for i in range(size):
        typical[i] = (2 * total[i] + n) // (2 * n)
    count = 0
    for b in range(n):
        first[b] = count
        for i in range(size):
            if pixels[b, i] != typical[i]:
                index[count] = i
                difference[count] = np.float32(pixels[b, i]) - np.float32(typical[i])
                count += 1
    first[n] = count
    return count


@compiled("void(f4[:,:,::1], i8[::1], i4[::1], f4[::1], f4[:,:,:,::1], f4[::1], i8, f4[:,:,:,::1])")
def _forward(  # type: ignore[no-untyped-def]
    typical, first, index, difference, weight, bias, stride, out
):
    _, height, width = typical.shape
    side = weight.shape[1]
    n, h, w, f = out.shape
    base = np.empty((h, w, f), np.float32)
    for y in range(h):
        for x in range(w):
            base[y, x] = bias
            for c in range(typical.shape[0]):
                for i in range(side):
                    for j in range(side):
                        value = typical[c, y * stride + i, x * stride + j]
                        if value != 0:
                            for k in range(f):
                                base[y, x, k] += value * weight[c, i, j, k]
    for b in range(n):
        out[b] = base
        for e in range(first[b], first[b + 1]):
            c, cell = divmod(index[e], height * width)
            row, column = divmod(cell, width)
            for i in range(side):
                y, off = divmod(row - i, stride)
                if off == 0 and 0 <= y < h:
                    for j in range(side):
                        x, off = divmod(column - j, stride)
                        if off == 0 and 0 <= x < w:
                            for k in range(f):
                                out[b, y, x, k] += difference[e] * weight[c, i, j, k]
        for y in range(h):
            for x in range(w):
                for k in range(f):
                    out[b, y, x, k] = max(out[b, y, x, k], np.float32(0))


@compiled(
    "void(f4[:,:,::1], i8[::1], i4[::1], f4[::1], f4[:,:,:,::1], f4[:,:,:,::1], i8,"
    " f4[:,:,:,::1], f4[::1])"
)
def _backward(  # type: ignore[no-untyped-def]
    typical, first, index, difference, out, gradient, stride, weight, bias
):
    _, height, width = typical.shape
    side = weight.shape[1]
    n, h, w, f = out.shape
    base = np.zeros((h, w, f), np.float32)
    here = np.empty((h, w, f), np.float32)
    for b in range(n):
        for y in range(h):
            for x in range(w):
                for k in range(f):
                    here[y, x, k] = gradient[b, y, x, k] if out[b, y, x, k] > 0 else 0
                    base[y, x, k] += here[y, x, k]
        for e in range(first[b], first[b + 1]):
            c, cell = divmod(index[e], height * width)
            row, column = divmod(cell, width)
            for i in range(side):
                y, off = divmod(row - i, stride)
                if off == 0 and 0 <= y < h:
                    for j in range(side):
                        x, off = divmod(column - j, stride)
                        if off == 0 and 0 <= x < w:
                            for k in range(f):
                                weight[c, i, j, k] += difference[e] * here[y, x, k]
    for y in range(h):
        for x in range(w):
            for k in range(f):
                bias[k] += base[y, x, k]
            for c in range(typical.shape[0]):
                for i in range(side):
                    for j in range(side):
                        value = typical[c, y * stride + i, x * stride + j]
                        if value != 0:
                            for k in range(f):
                                weight[c, i, j, k] += value * base[y, x, k]
