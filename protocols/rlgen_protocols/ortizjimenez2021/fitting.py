"""Training of networks and of their linearizations on the same batches."""

from collections.abc import Callable

import torch
from torch import nn

from rlgen.agents.cloning import BATCH
from rlgen.agents.labelled import LabelledStates
from rlgen.util.seeding import stream

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
#: Called after each step with the number of steps taken.
Watch = Callable[[int], None]


def descend(
    model: nn.Module,
    batches: Callable[[], tuple[torch.Tensor, torch.Tensor]],
    loss: Loss,
    optimiser: torch.optim.Optimizer,
    steps: int,
    *,
    share: Callable[[float], float] = lambda _: 1.0,
    watch: Watch = lambda _: None,
) -> None:
    """Minimise a loss by an optimiser.

    Args:
        model: From inputs to outputs.
        batches: Draws inputs and labels.
        loss: Of outputs and labels.
        optimiser: Of the model's parameters.
        steps: How many.
        share: The learning rate as a share of its peak, after this share of the steps.
        watch: Called after each step.
    """
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: share(step / steps))
    for step in range(steps):
        inputs, labels = batches()
        optimiser.zero_grad(set_to_none=True)
        loss(model(inputs), labels).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        watch(step + 1)


def clone_into(
    model: nn.Module,
    states: LabelledStates,
    seed: int,
    *,
    rate: float,
    steps: int,
    watch: Watch = lambda _: None,
) -> None:
    """Train a float32 model to act like the planner, by Adam, as clones are trained.

    Models that are trained with one seed see the same batches.

    Args:
        model: From observations to scores.
        states: Training states with their labels.
        seed: Of the batches.
        rate: Learning rate.
        steps: How many, each on ``BATCH`` states.
        watch: See ``descend``.
    """
    rng = stream(seed, "ortizjimenez2021", "batches")

    def batches() -> tuple[torch.Tensor, torch.Tensor]:
        numbers = states.draw(rng, BATCH)
        inputs = torch.from_numpy(states.observe(numbers)).float()
        return inputs, torch.from_numpy(states.goals[numbers])

    optimiser = torch.optim.Adam(model.parameters(), rate)
    descend(model, batches, nn.functional.cross_entropy, optimiser, steps, watch=watch)
