"""Training of a graph network on small graphs, and its errors on others."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812  # as everywhere in torch

from rlgen_protocols.xu2021.errors import lower_median, percentages
from rlgen_protocols.xu2021.fitting import fit
from rlgen_protocols.xu2021.weighted import WeightedGraph, batched

#: Graphs that are predicted at once.
AT_ONCE = 32


def learn(
    network: nn.Module,
    train: Sequence[WeightedGraph],
    validation: Sequence[WeightedGraph],
    pools: Mapping[str, Sequence[WeightedGraph]],
    rng: np.random.Generator,
    *,
    epochs: int,
    batch: int,
    rate: float,
    halve: int,
) -> dict[str, Any]:
    """Train a network by squared error, and measure it.

    Args:
        network: From a ``WeightedBatch`` to ``(B,)``; changed in place.
        train: Graphs with their labels.
        validation: Others, by which the epoch is chosen.
        pools: Graphs to be asked, by name.
        rng: Shuffles.
        epochs: As of ``fitting.fit``, like the others.
        batch: See there.
        rate: See there.
        halve: See there.

    Returns:
        ``error_NAME`` and ``median_NAME`` of each pool, the mean and the median of the absolute
        errors in percent; ``error_train`` of (some) training graphs; ``course``, validation losses.
    """

    def loss(numbers: torch.Tensor) -> torch.Tensor:
        graphs = batched([train[k] for k in numbers.tolist()])
        return F.mse_loss(network(graphs), graphs.labels)

    def validated() -> float:
        return float(((predicted(network, validation) - labels(validation)) ** 2).mean())

    course = fit(
        network,
        len(train),
        loss,
        validated,
        rng,
        epochs=epochs,
        batch=batch,
        rate=rate,
        halve=halve,
    )
    measured: dict[str, Any] = {"course": course}
    for name, graphs in {"train": train[: len(validation)], **pools}.items():
        shares = percentages(predicted(network, graphs), labels(graphs))
        measured |= {f"error_{name}": float(shares.mean()), f"median_{name}": lower_median(shares)}
    return measured


def predicted(
    network: nn.Module, graphs: Sequence[WeightedGraph]
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Predictions of graphs, float64 ``(N,)``."""
    with torch.no_grad():
        parts = [
            network(batched(graphs[k : k + AT_ONCE])).double().numpy()
            for k in range(0, len(graphs), AT_ONCE)
        ]
    return np.concatenate(parts)


def labels(graphs: Sequence[WeightedGraph]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Labels of graphs, float64 ``(N,)``."""
    return np.array([graph.label for graph in graphs])
