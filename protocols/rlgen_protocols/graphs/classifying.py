"""Networks that tell classes of graphs apart: batches, scores, and training by Adam."""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

#: Scores that differ by less are the same: networks that cannot tell graphs apart give them scores
#: that differ by rounding alone, and which is larger would be chance.
DECIMALS = 6
#: From numbers of graphs to their scores ``(graphs, classes)``, with gradients.
Scores = Callable[[NDArray[np.int64]], torch.Tensor]


def fit(
    net: nn.Module,
    scores: Scores,
    labels: NDArray[np.int64],
    rng: np.random.Generator,
    *,
    epochs: int,
    size: int,
    rate: float,
    halved: int = 0,
    points: int = 1,
    watch: Callable[[int], None] = lambda _: None,
) -> None:
    """Minimise the cross-entropy by Adam.

    Args:
        net: Whose parameters are changed; in evaluation mode afterwards.
        scores: Of graphs by the network.
        labels: Of all graphs, int64 ``(N,)``.
        rng: Of the order of graphs, anew in each epoch.
        epochs: Passes through all graphs.
        size: Graphs of a minibatch; all of them where it is 0.
        rate: Learning rate.
        halved: Epochs after which the rate is halved, again and again; never where it is 0.
        points: About how often ``watch`` is called.
        watch: Called with the number of epochs, the last one included, in evaluation mode.
    """
    optimiser = torch.optim.Adam(net.parameters(), rate)
    goals, size = torch.from_numpy(labels), size or len(labels)
    for epoch in range(1, epochs + 1):
        net.train()
        for numbers in minibatches(rng.permutation(len(labels)), size):
            loss = nn.functional.cross_entropy(scores(numbers), goals[torch.from_numpy(numbers)])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        if halved and epoch % halved == 0:
            for group in optimiser.param_groups:
                group["lr"] /= 2
        if epoch % max(1, epochs // points) == 0 or epoch == epochs:
            settle(net, scores, len(labels), size)
            watch(epoch)


def settle(net: nn.Module, scores: Scores, n: int, size: int) -> None:
    """Put a network into evaluation mode, with batch statistics of its weights as they are.

    Running means lag behind the weights. Sums over graphs differ little between graphs, so that a
    small lag puts all of them on one side.
    """
    norms = [module for module in net.modules() if isinstance(module, nn.BatchNorm1d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the mean of all that follows
    net.train()
    with torch.no_grad():
        for numbers in minibatches(np.arange(n), size):
            scores(numbers)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    net.eval()


def minibatches(numbers: NDArray[np.int64], size: int) -> Iterator[NDArray[np.int64]]:
    """So many of the numbers at a time; a last one alone joins those before it."""
    starts = list(range(0, len(numbers), size))
    if len(starts) > 1 and len(numbers) - starts[-1] == 1:
        starts.pop()
    for start, end in zip(starts, [*starts[1:], len(numbers)], strict=True):
        yield numbers[start:end]


def predicted(scores: Scores, n: int, size: int = 128) -> NDArray[np.int64]:
    """The class of each of ``n`` graphs; the first where scores are the same, see ``DECIMALS``."""
    classes: NDArray[np.int64] = np.round(evaluated(scores, n, size), DECIMALS).argmax(axis=1)
    return classes


def evaluated(scores: Scores, n: int, size: int = 128) -> NDArray[np.float64]:
    """Scores of ``n`` graphs, ``(n, classes)``, without gradients."""
    with torch.no_grad():
        parts = [scores(numbers).double().numpy() for numbers in minibatches(np.arange(n), size)]
    return np.concatenate(parts)


def accuracy(scores: Scores, labels: NDArray[np.int64], size: int = 128) -> float:
    """Share of graphs whose class is their label."""
    return float(np.mean(predicted(scores, len(labels), size) == labels))


def halves(n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Random labels 0 and 1, equally many of each but for an odd one."""
    return rng.permutation(np.arange(n) % 2)
