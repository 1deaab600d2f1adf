"""Attention pooling by a threshold: coefficients, what is kept, supervision, and its quality."""

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from rlgen_protocols.knyazev2019.sets import Batch

#: Largest size of a logit, and what is added to a coefficient before its logarithm is taken.
CLAMP, TINY = 60.0, 1e-14


def coefficients(logits: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Attention of each node: a softmax over its graph.

    Args:
        logits: ``(N,)``; clamped to [-60, 60].
        batch: Of ``N`` nodes.

    Returns:
        ``(N,)``.
    """
    exponentials = logits.clamp(-CLAMP, CLAMP).exp()
    return exponentials / batch.total(exponentials)[batch.graph]


def pooled(batch: Batch, attention: torch.Tensor, threshold: float) -> Batch:
    """The nodes whose attention is above a threshold, with their edges.

    Features are multiplied by the attention; true attention is brought to the sum 1 again.

    Args:
        batch: Of ``N`` nodes.
        attention: ``(N,)``.
        threshold: From 0 to 1.
    """
    keep = attention > threshold
    number = keep.cumsum(0) - 1
    edges = batch.edges[:, keep[batch.edges].all(dim=0)]
    truth = torch.where(keep, batch.truth, 0)
    total = batch.total(truth)[batch.graph]
    truth = torch.where(total > 0, truth / total, 0)
    return replace(
        batch,
        x=(batch.x * attention[:, None])[keep],
        edges=number[edges],
        graph=batch.graph[keep],
        truth=truth[keep],
    )


def divergence(attention: torch.Tensor, batch: Batch) -> torch.Tensor:
    """What supervision adds to the loss, before its weight: the mean over graphs of KL / nodes.

    A graph without true attention adds nothing.

    Args:
        attention: ``(N,)``.
        batch: With true attention.
    """
    truth = batch.truth
    each = torch.xlogy(truth, truth) - truth * (attention + TINY).log()
    sizes = batch.total(torch.ones_like(truth))
    return (batch.total(each) / sizes.clamp(min=1)).mean()


def auc(score: ArrayLike, truth: ArrayLike) -> float:
    """Share of pairs of a true and a false node in which the true one scores higher; ties are half.

    Args:
        score: ``(N,)``.
        truth: ``(N,)``; true where not 0.

    Returns:
        nan if all are true, or none is.

    Example:
        >>> round(auc([0.1, 0.1, 0.4, 0.4, 0.9], [0, 1, 0, 1, 1]), 3)
        0.667
    """
    scores, true = np.asarray(score), np.asarray(truth) > 0
    positive, negative = int(true.sum()), int((~true).sum())
    if not positive or not negative:
        return float("nan")
    _, level, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks: NDArray[np.float64] = counts.cumsum() - (counts - 1) / 2
    above = ranks[level][true].sum() - positive * (positive + 1) / 2
    return float(above / (positive * negative))
