"""How networks play: batch by batch, without gradients, with probabilities in float64."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch
from torch import nn

from rlgen.networks.trunk import Trunk

#: Observations passed through a network at once: on a CPU larger batches leave the cache.
BATCH = {"cpu": 1024, "cuda": 65_536}
CPU = torch.device("cpu")


def batches(n: int, device: torch.device = CPU) -> Iterator[slice]:
    """Slices of ``n`` rows."""
    size = BATCH.get(device.type, BATCH["cpu"])
    for first in range(0, n, size):
        yield slice(first, first + size)


@contextmanager
def playing(*modules: nn.Module) -> Iterator[None]:
    """The modules as they play, in float32; afterwards they learn as before."""
    modes = [module.training for module in modules]
    with ExitStack() as stack:
        for module in modules:
            module.eval()
            if isinstance(module, Trunk):
                stack.enter_context(module.evaluating())
        try:
            with torch.inference_mode():
                yield
        finally:
            for module, mode in zip(modules, modes, strict=True):
                module.train(mode)


def probabilities(scores: torch.Tensor, *, softmax: bool) -> torch.Tensor:
    """float64 ``(B, A)``.

    Args:
        scores: ``(B, A)``.
        softmax: Whether they are logits; else they are action values, of which the best is taken.
    """
    if softmax:
        return scores.double().softmax(dim=1)
    return nn.functional.one_hot(scores.argmax(dim=1), scores.shape[1]).double()
