"""The empirical neural tangent kernel of a network: alignments, trace, Gram matrix, velocity.

The kernel of pairs (observation, output) is ``Theta = J J^T``, J the Jacobian of all outputs by all
weights. What one vector-Jacobian product tells is not computed from the matrix.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy

import torch
from torch import nn
from torch.func import functional_call, jacrev, vjp, vmap

#: Parameters, or directions in which they change, by name.
Weights = Mapping[str, torch.Tensor]
#: Elements of a Jacobian in memory at once.
ELEMENTS = 2**24


def precise(net: nn.Module) -> nn.Module:
    """A copy of a module in float64."""
    return deepcopy(net).double()


def weights_of(net: nn.Module) -> dict[str, torch.Tensor]:
    """The parameters of a module, apart from it."""
    return {name: parameter.detach().clone() for name, parameter in net.named_parameters()}


def scores(net: nn.Module, inputs: torch.Tensor) -> Callable[[Weights], torch.Tensor]:
    """The outputs ``(B, A)`` on some inputs as a function of the weights."""
    return lambda weights: torch.as_tensor(functional_call(net, dict(weights), (inputs,)))


def alignments(
    net: nn.Module, weights: Weights, inputs: torch.Tensor, directions: torch.Tensor
) -> torch.Tensor:
    """Raw alignments ``y^T Theta y / y^T y`` of directions ``y``, a backward pass each.

    Args:
        net: From inputs ``(m, *shape)`` to outputs ``(m, A)``.
        weights: Where it is linearized.
        inputs: The ``m`` points.
        directions: ``(K, m, A)``, none of them 0.

    Returns:
        ``(K,)``.
    """
    _, pull, *_ = vjp(scores(net, inputs), dict(weights))
    values = []
    for direction in directions:
        (pulled,) = pull(direction)
        length = sum(part.square().sum() for part in pulled.values())
        values.append(length / direction.square().sum())
    return torch.stack(values)


def constants(m: int, outputs: int, dtype: torch.dtype) -> torch.Tensor:
    """Orthonormal directions that are the same at all ``m`` points, ``(A, m, A)``."""
    each = torch.eye(outputs, dtype=dtype)[:, None].expand(-1, m, -1)
    return torch.div(each, m**0.5)


def mean_eigenvalue(
    net: nn.Module, weights: Weights, inputs: torch.Tensor, probes: torch.Tensor
) -> torch.Tensor:
    """Estimate ``trace(Theta) / (m A)``.

    Where inputs have much in common, most of the trace lies in directions that are constant over
    the points, and Hutchinson's (1990) estimate from 8 probes is off by 20 %. That part is
    computed, A backward passes, and only the rest is estimated (Meyer et al. 2021).

    Args:
        net: As in ``alignments``.
        weights: As there.
        inputs: The ``m`` points.
        probes: Random signs ``(K, m, A)``; of all ``2^(mA)`` of them the mean is exact.
    """
    m, outputs = probes.shape[1:]
    common = alignments(net, weights, inputs, constants(m, outputs, probes.dtype)).sum()
    rest = probes - probes.mean(dim=1, keepdim=True)
    squares = rest.square().sum(dim=(1, 2))
    some = squares > 0
    others = (alignments(net, weights, inputs, rest[some]) * squares[some]).sum() / len(probes)
    return (common + others) / (m * outputs)


def jacobian(net: nn.Module, weights: Weights, inputs: torch.Tensor) -> torch.Tensor:
    """All derivatives, ``(m, A, P)``: parameters in their order, each flattened."""

    def single(own: Weights, point: torch.Tensor) -> torch.Tensor:
        return scores(net, point[None])(own)[0]

    size = sum(part.numel() for part in weights.values()) * scores(net, inputs[:1])(weights).numel()
    rows = vmap(jacrev(single), in_dims=(None, 0), chunk_size=max(1, ELEMENTS // size))
    parts = rows(dict(weights), inputs)
    return torch.cat([part.flatten(2) for part in parts.values()], dim=2)


def gram(net: nn.Module, weights: Weights, inputs: torch.Tensor) -> torch.Tensor:
    """``Theta`` on all pairs, points outside and outputs inside, ``(mA, mA)``."""
    rows = jacobian(net, weights, inputs).flatten(0, 1)
    return rows @ rows.T


def velocity(kernel: torch.Tensor, later: torch.Tensor, *, centred: bool = False) -> float:
    """One minus the cosine of two kernels; centred on both sides, one minus their CKA.

    Args:
        kernel: ``(k, k)``.
        later: On the same pairs.
        centred: Whether the mean over pairs is taken off rows and columns first.
    """
    one, two = (_centred(k) if centred else k for k in (kernel, later))
    return float(1 - (one * two).sum() / (one.norm() * two.norm()))


def _centred(kernel: torch.Tensor) -> torch.Tensor:
    rows = kernel - kernel.mean(dim=0, keepdim=True)
    return rows - rows.mean(dim=1, keepdim=True)
