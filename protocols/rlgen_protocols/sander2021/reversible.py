"""Momentum residual networks of integers, whose backward pass keeps no activations.

Position and velocity are 64-bit fixed-point numbers. What multiplying the velocity by gamma loses
goes to an information buffer, so that the backward pass computes all states again from the last,
bit for bit, at ``log2(1 / gamma)`` bits a unit and block. Source: Sander et al. 2021; the
arithmetic is that of ``rlgen.networks.exact_integers``, for the authors' own does not bring
negative states back.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import nn

from rlgen.networks.exact_integers import InformationBuffer, from_fixed, to_fixed

#: Numbers are multiples of 2^-48, up to 2^15.
RADIX_BITS = 48
#: Momentum is a multiple of its inverse.
DENOMINATOR = 1 << 16

Integers = tuple[torch.Tensor, torch.Tensor]


def numerator(gamma: float) -> int:
    """The momentum that is computed with, in units of ``1 / DENOMINATOR``."""
    return round(gamma * DENOMINATOR)


def rounded(gamma: float) -> float:
    """The same as a number: trunks of both arithmetics have this momentum."""
    return numerator(gamma) / DENOMINATOR


def impulse(
    block: nn.Module, x: torch.Tensor, n: int, scale: float, dtype: torch.dtype
) -> torch.Tensor:
    """What a block adds to the velocity, ``(1 - n / DENOMINATOR) * scale * block(x)``, int64."""
    branch = block(from_fixed(x, RADIX_BITS, dtype))
    return to_fixed((1 - n / DENOMINATOR) * scale * branch.double(), RADIX_BITS)


def advance(
    before: Integers, buffer: InformationBuffer, block: nn.Module, n: int, scale: float, **kind: Any
) -> Integers:
    """Position and velocity after a block, int64 ``(B, D)``.

    Raises:
        OverflowError: If a state has no place in 62 bits.
    """
    x, v = before
    v = buffer.multiply(v, n, DENOMINATOR) + impulse(block, x, n, scale, **kind)
    x = x + v
    if int(max(x.abs().max(), v.abs().max())) >> 62:
        raise OverflowError(f"a state is not below {2 ** (62 - RADIX_BITS)}")
    return x, v


def retreat(
    after: Integers, buffer: InformationBuffer, block: nn.Module, n: int, scale: float, **kind: Any
) -> Integers:
    """Position and velocity before a block: the inverse of ``advance``, bit for bit."""
    x, v = after
    x = x - v
    v = v - impulse(block, x, n, scale, **kind)
    return x, buffer.undo(v, n, DENOMINATOR)


def forward(
    start: torch.Tensor, blocks: Sequence[nn.Module], gamma: float, scale: float = 1.0
) -> torch.Tensor:
    """The last position of a network; its backward pass computes the states again.

    Args:
        start: Position before the first block, ``(B, D)``; below 2^14.
        blocks: The branches; the same module may stand for several.
        gamma: Momentum, from ``1 / DENOMINATOR`` to below 1; it is rounded (``rounded``).
        scale: Factor of all branches.

    Returns:
        ``(B, D)``, of the type of ``start``, with gradients for it and the blocks' parameters.

    Raises:
        OverflowError: If a state has no place in 62 bits.
        RuntimeError: In the backward pass, if blocks do not compute the same a second time.
    """
    own = {id(p): p for block in blocks for p in block.parameters() if p.requires_grad}
    out: torch.Tensor = _Reversible.apply(  # type: ignore[no-untyped-call]
        blocks, numerator(gamma), scale, start, *own.values()
    )
    return out


class _Reversible(torch.autograd.Function):
    """Saves the last integers and the buffer; all else is computed again."""

    @staticmethod
    def forward(
        ctx: Any,
        blocks: Sequence[nn.Module],
        n: int,
        scale: float,
        start: torch.Tensor,
        *parameters: torch.Tensor,
    ) -> torch.Tensor:
        x = to_fixed(start, RADIX_BITS)
        v, buffer = torch.zeros_like(x), InformationBuffer(x)
        for block in blocks:
            x, v = advance((x, v), buffer, block, n, scale, dtype=start.dtype)
        ctx.save_for_backward(x, v, *buffer.tensors, *parameters)
        ctx.n_words, ctx.spilled = buffer.words, buffer.spilled
        ctx.blocks, ctx.n, ctx.scale, ctx.dtype = blocks, n, scale, start.dtype
        kind = start.device.type
        ctx.autocast = kind, torch.get_autocast_dtype(kind), torch.is_autocast_enabled(kind)
        return from_fixed(x, RADIX_BITS, start.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, v, *saved = ctx.saved_tensors
        words, parameters = saved[: ctx.n_words], saved[ctx.n_words :]
        buffer = InformationBuffer.restored(words, ctx.spilled)
        (of_x,), of_v = gradients, torch.zeros_like(gradients[0])
        g, sums = ctx.n / DENOMINATOR, {id(p): torch.zeros_like(p) for p in parameters}
        for block in reversed(ctx.blocks):
            with _autocast(ctx):
                x, v = retreat((x, v), buffer, block, ctx.n, ctx.scale, dtype=ctx.dtype)
            both = of_x + of_v
            own = [p for p in block.parameters() if id(p) in sums]
            with torch.enable_grad(), _autocast(ctx):
                inputs = from_fixed(x, RADIX_BITS, ctx.dtype).requires_grad_()
                branch = (1 - g) * ctx.scale * block(inputs)
            into, *parts = torch.autograd.grad(branch, [inputs, *own], both.to(branch.dtype))
            for parameter, part in zip(own, parts, strict=True):
                sums[id(parameter)] += part
            of_x, of_v = of_x + into, g * both
        # The velocity starts from 0: other blocks than those of the forward pass end elsewhere.
        if bool(v.any()) or not buffer.empty:
            raise RuntimeError(
                "the backward pass of a reversible network has not reached its first state: a "
                "block gave another output than in the forward pass"
            )
        return (None, None, None, of_x, *(sums[id(p)] for p in parameters))


def _autocast(ctx: Any) -> AbstractContextManager[None]:
    """The precision of the forward pass, for which the states are exact."""
    kind, dtype, enabled = ctx.autocast
    context: AbstractContextManager[None] = torch.autocast(kind, dtype=dtype, enabled=enabled)
    return context
