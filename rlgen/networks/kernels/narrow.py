"""Convolutions of few channels, on blocks of observations that lie side by side in memory.

Libraries vectorise a convolution over its channels, which is slow with only eleven. Here
``LANES`` observations are computed at once, so that every instruction is as wide as the processor
allows for any shape of layers. The first layer uses the deviations of observations (see
``sparse``).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from rlgen.networks.kernels.sparse import Deviations
from rlgen.util.jit import compiled

#: Observations computed at once: a block of a layer's input then fits in the cache.
LANES = 64
#: The number of channels up to which this is faster than a library.
MOST_CHANNELS = 16


def narrow_convs(
    deviations: Deviations, layers: Sequence[tuple[torch.Tensor, torch.Tensor, int]]
) -> torch.Tensor:
    """Convolutions, each with ReLU.

    Args:
        deviations: Of observations ``(B, C, H, W)``.
        layers: Weight ``(F, C, K, K)``, bias ``(F,)`` and stride of each layer.

    Returns:
        float32 ``(B, F * H' * W')``, flattened as torch does.
    """
    weights = [tensor for weight, bias, _ in layers for tensor in (weight, bias)]
    strides = [stride for *_, stride in layers]
    out: torch.Tensor = _NarrowConvs.apply(deviations, strides, *weights)  # type: ignore[no-untyped-call]
    return out


class _NarrowConvs(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, deviations: Deviations, strides: Sequence[int], *weights: torch.Tensor
    ) -> torch.Tensor:
        n = len(deviations.first) - 1
        kernels = [weight.detach().permute(2, 3, 1, 0).contiguous() for weight in weights[::2]]
        outputs: list[NDArray[np.float32]] = []
        size = deviations.typical.shape[1:]
        blocks = -(-n // LANES)
        for kernel, bias, stride in zip(kernels, weights[1::2], strides, strict=True):
            size = tuple((side - kernel.shape[0]) // stride + 1 for side in size)
            out = np.empty((blocks, *size, len(bias), LANES), np.float32)
            arguments = (kernel.numpy(), bias.detach().numpy(), stride, out)
            if outputs:
                _next_forward(outputs[-1], *arguments)
            else:
                _first_forward(*deviations.arrays, *arguments)
            outputs.append(out)
        ctx.deviations, ctx.strides, ctx.kernels, ctx.outputs = (
            deviations,
            strides,
            kernels,
            outputs,
        )
        last = torch.from_numpy(outputs[-1])  # (blocks, H', W', F, LANES)
        return last.permute(0, 4, 3, 1, 2).reshape(blocks * LANES, -1)[:n]

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        outputs = ctx.outputs
        blocks, height, width, channels, _ = outputs[-1].shape
        padded = torch.zeros(blocks * LANES, channels * height * width)
        padded[: len(gradients[0])] = gradients[0]
        padded = padded.reshape(blocks, LANES, channels, height, width).permute(0, 3, 4, 2, 1)
        gradient = padded.contiguous().numpy()
        d_weights: list[torch.Tensor] = []
        for layer in reversed(range(len(outputs))):
            kernel, stride, out = ctx.kernels[layer], ctx.strides[layer], outputs[layer]
            d_kernel, d_bias = torch.zeros_like(kernel), torch.zeros(kernel.shape[-1])
            into = (d_kernel.numpy(), d_bias.numpy())
            if layer:
                d_inputs = np.zeros_like(outputs[layer - 1])
                arguments = (outputs[layer - 1], kernel.numpy(), stride, out, gradient)
                _next_backward(*arguments, d_inputs, *into)
                gradient = d_inputs
            else:
                _first_backward(*ctx.deviations.arrays, stride, out, gradient, *into)
            d_weights = [d_kernel.permute(3, 2, 0, 1), d_bias, *d_weights]
        return None, None, *d_weights


_DEVIATIONS = "f4[:,:,::1], i8[::1], i4[::1], f4[::1]"
_4D, _5D = "f4[:,:,:,::1]", "f4[:,:,:,:,::1]"


@compiled(f"void({_DEVIATIONS}, {_4D}, f4[::1], i8, {_5D})", reassociate=True)
def _first_forward(  # type: ignore[no-untyped-def]
    typical, first, index, difference, weight, bias, stride, out
):
    _, height, width = typical.shape
    side = len(weight)
    n = len(first) - 1
    blocks, h, w, f, _ = out.shape
    base = np.empty((h, w, f), np.float32)
    for y in range(h):
        for x in range(w):
            base[y, x] = bias
            for c in range(len(typical)):
                for i in range(side):
                    for j in range(side):
                        v = typical[c, y * stride + i, x * stride + j]
                        if v != 0:
                            for k in range(f):
                                base[y, x, k] += v * weight[i, j, c, k]
    for b in range(blocks):
        for y in range(h):
            for x in range(w):
                for k in range(f):
                    out[b, y, x, k] = base[y, x, k]
        for lane in range(min(LANES, n - b * LANES)):
            for e in range(first[b * LANES + lane], first[b * LANES + lane + 1]):
                c, cell = divmod(index[e], height * width)
                row, column = divmod(cell, width)
                for i in range(side):
                    y, off = divmod(row - i, stride)
                    if off == 0 and 0 <= y < h:
                        for j in range(side):
                            x, off = divmod(column - j, stride)
                            if off == 0 and 0 <= x < w:
                                for k in range(f):
                                    out[b, y, x, k, lane] += difference[e] * weight[i, j, c, k]
        for y in range(h):
            for x in range(w):
                for k in range(f):
                    for lane in range(LANES):
                        out[b, y, x, k, lane] = max(out[b, y, x, k, lane], np.float32(0))


@compiled(f"void({_DEVIATIONS}, i8, {_5D}, {_5D}, {_4D}, f4[::1])", reassociate=True)
def _first_backward(  # type: ignore[no-untyped-def]
    typical, first, index, difference, stride, out, gradient, d_weight, d_bias
):
    _, height, width = typical.shape
    side = len(d_weight)
    n = len(first) - 1
    blocks, h, w, f, _ = out.shape
    base = np.zeros((h, w, f), np.float32)
    for b in range(blocks):
        for y in range(h):
            for x in range(w):
                for k in range(f):
                    total = np.float32(0)
                    for lane in range(LANES):
                        v = gradient[b, y, x, k, lane] if out[b, y, x, k, lane] > 0 else 0
                        gradient[b, y, x, k, lane] = v
                        total += v
                    base[y, x, k] += total
        for lane in range(min(LANES, n - b * LANES)):
            for e in range(first[b * LANES + lane], first[b * LANES + lane + 1]):
                c, cell = divmod(index[e], height * width)
                row, column = divmod(cell, width)
                for i in range(side):
                    y, off = divmod(row - i, stride)
                    if off == 0 and 0 <= y < h:
                        for j in range(side):
                            x, off = divmod(column - j, stride)
                            if off == 0 and 0 <= x < w:
                                for k in range(f):
                                    v = difference[e] * gradient[b, y, x, k, lane]
                                    d_weight[i, j, c, k] += v
    for y in range(h):
        for x in range(w):
            for k in range(f):
                d_bias[k] += base[y, x, k]
            for c in range(len(typical)):
                for i in range(side):
                    for j in range(side):
                        v = typical[c, y * stride + i, x * stride + j]
                        if v != 0:
                            for k in range(f):
                                d_weight[i, j, c, k] += v * base[y, x, k]


@compiled(f"void({_5D}, {_4D}, f4[::1], i8, {_5D})", reassociate=True)
def _next_forward(inputs, weight, bias, stride, out):  # type: ignore[no-untyped-def]
    side, _, channels, f = weight.shape
    blocks, h, w, _, _ = out.shape
    for b in range(blocks):
        for y in range(h):
            for x in range(w):
                for k in range(f):
                    out[b, y, x, k] = bias[k]
                for i in range(side):
                    for j in range(side):
                        pixel, v = inputs[b, y * stride + i, x * stride + j], weight[i, j]
                        # Four rows at a time: a pass over the sums costs as much as arithmetic.
                        for c in range(0, channels - 3, 4):
                            r0, r1, r2, r3 = pixel[c], pixel[c + 1], pixel[c + 2], pixel[c + 3]
                            for k in range(f):
                                into = out[b, y, x, k]
                                v0, v1, v2, v3 = v[c, k], v[c + 1, k], v[c + 2, k], v[c + 3, k]
                                for lane in range(LANES):
                                    into[lane] += (
                                        v0 * r0[lane]
                                        + v1 * r1[lane]
                                        + v2 * r2[lane]
                                        + v3 * r3[lane]
                                    )
                        for c in range(channels // 4 * 4, channels):
                            for k in range(f):
                                into = out[b, y, x, k]
                                for lane in range(LANES):
                                    into[lane] += v[c, k] * pixel[c, lane]
                for k in range(f):
                    for lane in range(LANES):
                        out[b, y, x, k, lane] = max(out[b, y, x, k, lane], np.float32(0))


@compiled(
    f"void({_5D}, {_4D}, i8, {_5D}, {_5D}, {_5D}, {_4D}, f4[::1])",
    reassociate=True,
)
def _next_backward(  # type: ignore[no-untyped-def]
    inputs, weight, stride, out, gradient, d_inputs, d_weight, d_bias
):
    side, _, channels, f = weight.shape
    blocks, h, w, _, _ = out.shape
    for b in range(blocks):
        for y in range(h):
            for x in range(w):
                d_out = gradient[b, y, x]
                for k in range(f):
                    total = np.float32(0)
                    for lane in range(LANES):
                        v = d_out[k, lane] if out[b, y, x, k, lane] > 0 else 0
                        d_out[k, lane] = v
                        total += v
                    d_bias[k] += total
                for i in range(side):
                    for j in range(side):
                        pixel = inputs[b, y * stride + i, x * stride + j]
                        into = d_inputs[b, y * stride + i, x * stride + j]
                        for c in range(channels):
                            row, d_row, v = pixel[c], into[c], weight[i, j, c]
                            for k in range(0, f - 3, 4):
                                g0, g1, g2, g3 = d_out[k], d_out[k + 1], d_out[k + 2], d_out[k + 3]
                                t0 = t1 = t2 = t3 = np.float32(0)
                                for lane in range(LANES):
                                    d_row[lane] += (
                                        v[k] * g0[lane]
                                        + v[k + 1] * g1[lane]
                                        + v[k + 2] * g2[lane]
                                        + v[k + 3] * g3[lane]
                                    )
                                for lane in range(LANES):
                                    t0 += row[lane] * g0[lane]
                                    t1 += row[lane] * g1[lane]
                                    t2 += row[lane] * g2[lane]
                                    t3 += row[lane] * g3[lane]
                                d_weight[i, j, c, k] += t0
                                d_weight[i, j, c, k + 1] += t1
                                d_weight[i, j, c, k + 2] += t2
                                d_weight[i, j, c, k + 3] += t3
                            for k in range(f // 4 * 4, f):
                                total = np.float32(0)
                                for lane in range(LANES):
                                    d_row[lane] += v[k] * d_out[k, lane]
                                    total += row[lane] * d_out[k, lane]
                                d_weight[i, j, c, k] += total
