"""Training as the authors train: Adam, weight decay, a rate that halves, the best by validation."""

from collections.abc import Callable
from copy import deepcopy

import numpy as np
import torch
from torch import nn

#: Weight decay of Adam, and the factor by which the rate falls.
DECAY, FALL = 1e-5, 0.5


def fit(
    model: nn.Module,
    n: int,
    loss: Callable[[torch.Tensor], torch.Tensor],
    validation: Callable[[], float],
    rng: np.random.Generator,
    *,
    epochs: int,
    batch: int,
    rate: float,
    halve: int,
) -> list[float]:
    """Train a model, and leave it as it was after the epoch of the lowest validation loss.

    Args:
        model: Changed in place.
        n: Number of training examples.
        loss: From the numbers of some examples, int64 ``(batch,)``, to their loss.
        validation: The loss on other examples.
        rng: Shuffles.
        epochs: How often all are seen.
        batch: Examples a step; those that are left over after the last whole step are not seen in
            that epoch, as the authors have it.
        rate: Learning rate.
        halve: Number of epochs after which the rate is halved, again and again.

    Returns:
        The validation loss after each epoch.
    """
    optimiser = torch.optim.Adam(model.parameters(), rate, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.StepLR(optimiser, halve, FALL)
    best, course = deepcopy(model.state_dict()), list[float]()
    for _ in range(epochs):
        order = torch.from_numpy(rng.permutation(n))
        for k in range(max(1, n // batch)):
            optimiser.zero_grad(set_to_none=True)
            loss(order[k * batch : (k + 1) * batch]).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        schedule.step()
        with torch.no_grad():
            course.append(validation())
        if course[-1] <= min(course):
            best = deepcopy(model.state_dict())
    model.load_state_dict(best)
    return course
