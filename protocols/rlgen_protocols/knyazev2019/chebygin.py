"""ChebyGIN layers: Chebyshev polynomials of a graph's Laplacian, aggregated by mean or sum.

Authors' ``chebygin.py``; Defferrard et al. 2016 (https://arxiv.org/abs/1606.09375) for the basis.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from rlgen_protocols.knyazev2019.sets import Batch


@dataclass(frozen=True, eq=False)
class Laplacian:
    """Of a batch: ``-D^(-1/2) A D^(-1/2)``, whose eigenvalues are from -1 to 1.

    Attributes:
        matrix: Sparse ``(N, N)``, symmetric.
        degrees: float32 ``(N, 1)``.
    """

    matrix: torch.Tensor
    degrees: torch.Tensor

    @classmethod
    def of(cls, batch: Batch) -> "Laplacian":
        """That of a batch, in which a node without neighbours has zeros."""
        size = len(batch.x)
        sources, targets = batch.edges
        degrees = torch.bincount(sources, minlength=size).float()
        roots = degrees.rsqrt()
        matrix = torch.sparse_coo_tensor(
            batch.edges,
            -roots[sources] * roots[targets],
            (size, size),
            is_coalesced=True,
            check_invariants=False,
        )
        return cls(matrix, degrees[:, None])


class _Product(torch.autograd.Function):
    """A constant symmetric sparse matrix times features: it needs no gradient of its own."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
        ctx.matrix = matrix
        product: torch.Tensor = torch.sparse.mm(matrix, x)
        return product

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
        return torch.sparse.mm(ctx.matrix, gradients[0]), None


class ChebyGIN(nn.Module):
    """One layer: an MLP of ``[T_0(L) X; ...; T_(K-1)(L) X]``.

    Args:
        inputs: Features of a node.
        outputs: Features after it.
        order: ``K``, at least 2.
        hidden: Units of the MLP's hidden layer; 0: a linear map instead.
        aggregate: "mean"; or "sum", which multiplies all but ``T_0`` by the degree.
        rectified: Whether a ReLU comes last.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        order: int,
        hidden: int,
        aggregate: str,
        rectified: bool = True,
    ) -> None:
        super().__init__()
        self.order, self.sums = order, aggregate == "sum"
        layers: list[nn.Module] = [nn.Linear(order * inputs, hidden or outputs)]
        if hidden:
            layers += [nn.ReLU(), nn.Linear(hidden, outputs)]
        if rectified:
            layers.append(nn.ReLU())
        self.mlp = nn.Sequential(*layers)

    def forward(self, x: torch.Tensor, laplacian: Laplacian) -> torch.Tensor:
        """From ``(N, inputs)`` to ``(N, outputs)``."""
        terms = [x, _product(x, laplacian)]
        while len(terms) < self.order:
            terms.append(2 * _product(terms[-1], laplacian) - terms[-2])
        if self.sums:
            terms[1:] = [term * laplacian.degrees for term in terms[1:]]
        features: torch.Tensor = self.mlp(torch.cat(terms, dim=1))
        return features


def _product(x: torch.Tensor, laplacian: Laplacian) -> torch.Tensor:
    product: torch.Tensor = _Product.apply(x, laplacian.matrix)  # type: ignore[no-untyped-call]
    return product
