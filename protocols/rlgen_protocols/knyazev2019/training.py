"""Training of counters, and what is measured of them."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from rlgen_protocols.knyazev2019.attention import auc, divergence
from rlgen_protocols.knyazev2019.modes import LABELLED
from rlgen_protocols.knyazev2019.networks import Counter, Output
from rlgen_protocols.knyazev2019.sets import GraphSet

BATCH, RATE, BETAS, DECAY = 32, 1e-3, (0.5, 0.999), 1e-4
#: Weight of the divergence from attention labels.
WEIGHT = 100.0
#: About how many nodes are looked at together where nothing is trained.
NODES = 20_000


def fit(
    counter: Counter,
    graphs: GraphSet,
    epochs: int,
    rng: np.random.Generator,
    decays: Sequence[float],
) -> list[float]:
    """Train by Adam on the squared error, and towards attention labels where the mode has them.

    Args:
        counter: Changed in place.
        graphs: With attention labels as their true attention.
        epochs: Times that each graph is used.
        rng: Orders the graphs.
        decays: Shares of the epochs after which the learning rate becomes a tenth.

    Returns:
        The mean squared error of each epoch.
    """
    optimiser = torch.optim.Adam(
        counter.parameters(), RATE, betas=BETAS, weight_decay=DECAY, fused=True
    )
    steps = [max(1, round(share * epochs)) for share in decays]
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimiser, steps)
    curve = []
    for _ in range(epochs):
        errors = 0.0
        for batch in graphs.take(rng.permutation(len(graphs))).batches(BATCH):
            output = counter(batch)
            squares = (output.counts - batch.labels).square()
            loss = squares.mean()
            if counter.mode in LABELLED:
                for own, attention in zip(output.batches, output.attentions, strict=True):
                    loss = loss + WEIGHT * divergence(attention, own)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            errors += squares.sum().item()
        schedule.step()
        curve.append(errors / len(graphs))
    return curve


def outputs(counter: Counter, graphs: GraphSet) -> Iterator[Output]:
    """What a network says of many graphs, some of them at a time."""
    at_once = max(1, int(NODES / max(1.0, graphs.sizes.mean())))
    with torch.no_grad():
        for batch in graphs.batches(at_once):
            yield counter(batch)


def counts(counter: Counter, graphs: GraphSet) -> NDArray[np.float32]:
    """What it counts in each graph, float32 ``(B,)``."""
    return torch.cat([output.counts for output in outputs(counter, graphs)]).numpy()


def measured(counter: Counter, graphs: GraphSet) -> tuple[float, float]:
    """Accuracy of the rounded count, and the AUC of the first attention; nan without one."""
    said = list(outputs(counter, graphs))
    counted = torch.cat([output.counts for output in said]).numpy()
    accuracy = float((counted.round() == graphs.labels).mean())
    if not said[0].attentions:
        return accuracy, float("nan")
    scores = torch.cat([output.attentions[0] for output in said]).numpy()
    return accuracy, auc(scores, graphs.truth)


def occlusion(counter: Counter, graphs: GraphSet) -> NDArray[np.float32]:
    """Attention labels from a network without attention (authors' ``attn_heatmaps``).

    Those of a node are proportional to how much the count changes when it is removed, with its
    edges.

    Returns:
        float32 ``(N,)``, with the sum 1 over each graph.
    """
    whole, parts = counts(counter, graphs), []
    at_once = max(1, int(NODES / max(1.0, float((graphs.sizes**2).mean()))))
    for start in range(0, len(graphs), at_once):
        own = graphs.take(np.arange(start, min(start + at_once, len(graphs))))
        without = counts(counter, own.without_each_node())
        changes = np.abs(without - whole[start : start + len(own)][own.graph])
        total = np.add.reduceat(changes, own.sizes.cumsum() - own.sizes)
        parts.append(changes / (total + 1e-7)[own.graph])
    return np.concatenate(parts).astype(np.float32)
