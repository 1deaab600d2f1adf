"""The paper's networks: ChebyGIN layers, with threshold attention pooling before some of them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import torch
from torch import nn

from rlgen_protocols.knyazev2019 import attention
from rlgen_protocols.knyazev2019.chebygin import ChebyGIN, Laplacian
from rlgen_protocols.knyazev2019.modes import GLOBAL, TRUTH
from rlgen_protocols.knyazev2019.sets import Batch

#: Widths of the small graph network that gives the logits of attention, and its order.
ATTENTION_WIDTHS, ATTENTION_ORDER = (32, 32, 1), 2


@dataclass(frozen=True)
class Architecture:
    """How a task's network is built (authors' ``scripts/*.sh``).

    Attributes:
        layers: Number of ChebyGIN layers, each of ``width`` features.
        order: Order of their polynomials.
        hidden: Whether they have a hidden layer, of the same width.
        aggregate: "mean" or "sum".
        readout: "sum" or "max".
        pooled: The layers before which there is pooling, numbered from 0.
        raw: Whether attention is a linear map of the raw features; else a small graph network of
            the current ones.
        thresholds: By mode.
    """

    layers: int
    order: int
    hidden: bool
    aggregate: str
    readout: str
    pooled: tuple[int, ...]
    raw: bool
    thresholds: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Output:
    """What a network says of a batch.

    Attributes:
        counts: float32 ``(size,)``.
        batches: Those on which there was attention, with true attention or the labels for it.
        attentions: float32 ``(N,)`` of each.
    """

    counts: torch.Tensor
    batches: tuple[Batch, ...]
    attentions: tuple[torch.Tensor, ...]


class _Score(nn.Module):
    """Logits of attention by a small graph network."""

    def __init__(self, inputs: int, aggregate: str) -> None:
        super().__init__()
        sizes = (inputs, *ATTENTION_WIDTHS)
        self.layers = nn.ModuleList(
            ChebyGIN(a, b, order=ATTENTION_ORDER, hidden=0, aggregate=aggregate, rectified=b > 1)
            for a, b in pairwise(sizes)
        )

    def forward(self, x: torch.Tensor, laplacian: Laplacian) -> torch.Tensor:
        for layer in self.layers:
            x = layer(x, laplacian)
        return x


class Counter(nn.Module):
    """A network that counts something in a graph.

    Args:
        inputs: Features of a node.
        width: Of the layers.
        architecture: See there.
        mode: One of ``MODES``.

    Attributes:
        direction: The weights ``p`` of the linear map that attention is, ``(1, inputs)``, from the
            standard normal distribution; None where attention is none.
    """

    def __init__(self, inputs: int, width: int, architecture: Architecture, mode: str) -> None:
        super().__init__()
        self.architecture, self.mode = architecture, mode
        sizes = (inputs, *[width] * architecture.layers)
        self.layers = nn.ModuleList(
            ChebyGIN(
                a,
                b,
                order=architecture.order,
                hidden=width * architecture.hidden,
                aggregate=architecture.aggregate,
            )
            for a, b in pairwise(sizes)
        )
        self.direction: nn.Parameter | None = None
        self.scores = nn.ModuleDict()
        if mode not in (GLOBAL, TRUTH):
            if architecture.raw:
                self.direction = nn.Parameter(torch.randn(1, inputs))
            else:
                for at in architecture.pooled:
                    self.scores[str(at)] = _Score(sizes[at], architecture.aggregate)
        self.last = nn.Linear(width, 1)

    def forward(self, batch: Batch) -> Output:
        """Count in each graph of a batch."""
        raw, batches, attentions = batch.x, [], []
        laplacian = Laplacian.of(batch)
        for at, layer in enumerate(self.layers):
            if at in self.architecture.pooled and self.mode != GLOBAL:
                own = self._attention(batch, at, raw, laplacian)
                batches.append(batch)
                attentions.append(own)
                threshold = self.architecture.thresholds[self.mode]
                batch = attention.pooled(batch, own, threshold)
                laplacian = Laplacian.of(batch)
            batch = replace(batch, x=layer(batch.x, laplacian))
        counts = self.last(self._read(batch))[:, 0]
        return Output(counts, tuple(batches), tuple(attentions))

    def aim(self, counted: int, occurring: torch.Tensor, cosine: float | None) -> None:
        """Say which direction of attention is the best one, and turn the initial one.

        Args:
            counted: The channel of what is counted: its unit vector is that direction.
            occurring: Bool ``(inputs,)``; channels that are not zero all over in training. Others
                are left as they are, since they say nothing of how training goes.
            cosine: Of the angle between the two over these channels; the length stays. None: as
                it was drawn.
        """
        assert self.direction is not None, "attention is no linear map"
        self._counted, self._occurring = counted, occurring
        if cosine is not None:
            with torch.no_grad():
                own = torch.where(occurring, self.direction[0], 0)
                best = torch.zeros_like(own)
                best[counted] = 1
                rest = own * (1 - best)
                turned = cosine * best + math.sqrt(1 - cosine**2) * rest / rest.norm()
                self.direction[0, occurring] = (own.norm() * turned)[occurring]
        self._cosine_start = self._cosine()

    @property
    def cosines(self) -> tuple[float, float]:
        """Of the direction of attention with the best one, at first and now; nan without one."""
        if self.direction is None:
            return math.nan, math.nan
        return self._cosine_start, self._cosine()

    def _cosine(self) -> float:
        assert self.direction is not None, "attention is no linear map"
        own = torch.where(self._occurring, self.direction[0].detach(), 0)
        return float(own[self._counted] / own.norm())

    def _attention(
        self, batch: Batch, at: int, raw: torch.Tensor, laplacian: Laplacian
    ) -> torch.Tensor:
        if self.mode == TRUTH:
            return batch.truth
        if self.direction is not None:
            logits = raw @ self.direction[0]
        else:
            logits = self.scores[str(at)](batch.x, laplacian)[:, 0]
        return attention.coefficients(logits, batch)

    def _read(self, batch: Batch) -> torch.Tensor:
        if self.architecture.readout == "sum":
            return batch.total(batch.x)
        # Features are not negative, so that zero is the maximum of a graph of which none is left.
        zeros = batch.x.new_zeros(batch.size, batch.x.shape[1])
        where = batch.graph[:, None].expand_as(batch.x)
        return zeros.scatter_reduce(0, where, batch.x, "amax")
