"""Inference: batches without gradients, and probabilities in float64."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch
from torch import nn

from rlgen.networks.trunk import Trunk

#: Observations per batch: on a CPU larger batches do not fit in the cache.
BATCH = {"cpu": 1024, "cuda": 65_536}
CPU = torch.device("cpu")


def batches(n: int, device: torch.device = CPU) -> Iterator[slice]:
    """Slices of ``n`` rows."""
    size = BATCH.get(device.type, BATCH["cpu"])
    for first in range(0, n, size):
        yield slice(first, first + size)


def device_of(*modules: nn.Module) -> torch.device:
    """The device of the first parameter; the CPU where there is none."""
    parameters = (parameter for module in modules for parameter in module.parameters())
    return next((parameter.device for parameter in parameters), CPU)


@contextmanager
def playing(*modules: nn.Module) -> Iterator[None]:
    """Put modules in evaluation mode, in float32, within this context."""
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
    """Action probabilities, float64 ``(B, A)``.

    Args:
        scores: ``(B, A)``.
        softmax: Whether scores are logits; otherwise they are action values, and the policy is
            greedy.
    """
    if softmax:
        return scores.double().softmax(dim=1)
    return nn.functional.one_hot(scores.argmax(dim=1), scores.shape[1]).double()
