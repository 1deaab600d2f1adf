"""Momentum residual networks in floating point: forwards, backwards, and what blocks weigh.

``v' = gamma v + (1 - gamma) f(x)``, then ``x' = x + v'``, from ``v = 0``; with ``gamma = 0`` a
residual network. Source: Sander, Ablin, Blondel, Peyré 2021, https://arxiv.org/abs/2102.07870,
and ``momentum_net.py`` of their code (https://github.com/michaelsdr/momentumnet).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

import torch

#: A residual branch: from ``(B, D)`` to ``(B, D)``.
Block = Callable[[torch.Tensor], torch.Tensor]
Pair = tuple[torch.Tensor, torch.Tensor]


def states(
    start: torch.Tensor, blocks: Iterable[Block], gamma: float, scale: float = 1.0
) -> Iterator[Pair]:
    """Position and velocity after each block.

    Args:
        start: Position before the first block, ``(B, D)``.
        blocks: The branches.
        gamma: Momentum, from 0 to below 1.
        scale: Factor of all branches.

    Yields:
        ``(x, v)``, each ``(B, D)``.
    """
    x, v = start, torch.zeros_like(start)
    for block in blocks:
        v = gamma * v + (1 - gamma) * scale * block(x)
        x = x + v
        yield x, v


def forward(
    start: torch.Tensor, blocks: Iterable[Block], gamma: float, scale: float = 1.0
) -> torch.Tensor:
    """The position after the last block; see ``states``."""
    x = start
    for x, _ in states(start, blocks, gamma, scale):  # noqa: B007  the last one is returned
        pass
    return x


def inverted(
    end: Pair, blocks: Sequence[Block], gamma: float, scale: float = 1.0
) -> Iterator[Pair]:
    """Position and velocity before each block, from the last to the first.

    In floating point the error grows by ``1 / gamma`` a block.

    Args:
        end: Position and velocity after the last block.
        blocks: The branches, from the first to the last.
        gamma: Momentum, above 0.
        scale: Factor of all branches.
    """
    x, v = end
    for block in reversed(blocks):
        x = x - v
        v = (v - (1 - gamma) * scale * block(x)) / gamma
        yield x, v


def mean_weight(gamma: float, depth: int) -> float:
    """Mean weight of a block's output in the last position: the mean of ``1 - gamma^(depth - k)``.

    It is 1 for a residual network: momentum also makes the branch smaller.

    Example:
        >>> round(mean_weight(0.9, 8), 3)
        0.359
    """
    return sum(1 - gamma ** (depth - k) for k in range(depth)) / depth


def revnet(start: torch.Tensor, blocks: Iterable[Block]) -> Iterator[Pair]:
    """The two halves of an additive reversible network (Gomez et al. 2017) after each block.

    ``a += f(b)``, then ``b += f(a)``: its Jacobian has determinant 1 whatever the blocks are, so
    that it contracts to no fixed point.

    Args:
        start: Of both halves, ``(B, D)``.
        blocks: Each is used for both halves.
    """
    a = b = start
    for block in blocks:
        a = a + block(b)
        b = b + block(a)
        yield a, b
