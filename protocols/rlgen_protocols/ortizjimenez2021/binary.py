"""Tasks with two classes, learnt by networks with one output."""

from dataclasses import dataclass
from typing import Self

import torch
from torch import nn

from rlgen.util.seeding import stream
from rlgen_protocols.ortizjimenez2021.fitting import descend

BATCH = 128
MOMENTUM = 0.9


@dataclass(frozen=True)
class Binary:
    """Points of two classes; float32 inputs, and labels 0 and 1.

    Attributes:
        train: ``(m, *shape)``.
        train_labels: ``(m,)``.
        test: ``(k, *shape)``.
        test_labels: ``(k,)``.
    """

    train: torch.Tensor
    train_labels: torch.Tensor
    test: torch.Tensor
    test_labels: torch.Tensor

    @classmethod
    def of(cls, inputs: torch.Tensor, classes: torch.Tensor, order: torch.Tensor, cut: int) -> Self:
        """Split points: the first ``cut`` in this order are trained on."""
        labels = classes.float()
        return cls(*(v[part] for part in (order[:cut], order[cut:]) for v in (inputs, labels)))

    def judged(self, model: nn.Module) -> tuple[float, float]:
        """Mean training loss, nats, and the share of test points classified rightly."""
        with torch.no_grad():
            loss = _loss(model(self.train), self.train_labels)
            right = (model(self.test)[:, 0] > 0) == (self.test_labels > 0.5)
        return float(loss), float(right.double().mean())


def fit(model: nn.Module, task: Binary, seed: int, *, steps: int, rate: float) -> None:
    """Train by SGD with momentum, at a rate that falls linearly to 0.

    Models that are trained with one seed see the same batches.

    Args:
        model: With one output.
        task: Its training points.
        seed: Of the batches.
        steps: How many.
        rate: The peak learning rate.
    """
    rng = stream(seed, "ortizjimenez2021", "binary")
    size = min(BATCH, len(task.train))

    def batches() -> tuple[torch.Tensor, torch.Tensor]:
        rows = torch.from_numpy(rng.integers(len(task.train), size=size))
        return task.train[rows], task.train_labels[rows]

    optimiser = torch.optim.SGD(model.parameters(), rate, MOMENTUM)
    descend(model, batches, _loss, optimiser, steps, share=lambda progress: 1 - progress)


def _loss(outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return nn.functional.binary_cross_entropy_with_logits(outputs[:, 0], labels)
