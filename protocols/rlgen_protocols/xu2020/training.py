"""Training of one network on one task, measured where its validation was best."""

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from rlgen.util.seeding import stream
from rlgen_protocols.xu2020.examples import Labels, batches

NAME = "xu2020"
#: How often a run is validated, evenly over its steps.
LOOKS = 10
#: Share of the steps in which the learning rate rises; after that it falls along a cosine.
WARM_UP = 0.1
#: Norm to which larger gradients are cut.
LARGEST = 1.0
#: The authors' weight decay.
DECAY = 1e-5
#: The authors' number of epochs: on few examples there are fewer steps than asked for.
EPOCHS = 150
#: Training examples on which the training accuracy is measured, at most.
FITTED = 2000


@dataclass(frozen=True)
class Pool:
    """Examples as a network takes them.

    Attributes:
        select: From numbers of examples, int64 ``(B,)``, to the network's arguments.
        labels: int64 ``(n,)``.
    """

    select: Callable[[Labels], tuple[Tensor, ...]]
    labels: Labels

    @classmethod
    def of(cls, inputs: NDArray[np.float32], labels: Labels) -> "Pool":
        """Of one array ``(n, ...)``, all in memory."""
        whole = torch.from_numpy(inputs)
        return cls(lambda numbers: (whole[torch.from_numpy(numbers)],), labels)

    def __len__(self) -> int:
        """How many."""
        return len(self.labels)


@dataclass(frozen=True)
class Fit:
    """What training came to.

    Attributes:
        test: Share of test examples classified rightly, by the weights of the best validation.
        chance: What the same answers would get if they were permuted among the test examples.
        validation: Share of validation examples, at its best.
        train: Share of training examples at the end.
        taken: How many steps were.
        best_step: The first of those whose validation was best.
        answers: The class of each test example then, int64 ``(n,)``.
    """

    test: float
    chance: float
    validation: float
    train: float
    taken: int
    best_step: int
    answers: Labels

    @property
    def plain(self) -> dict[str, float | int]:
        """All but the answers, as experiments return it."""
        names = [field.name for field in fields(self) if field.name != "answers"]
        return {name: getattr(self, name) for name in names}


def fit(
    net: nn.Module,
    train: Pool,
    validation: Pool,
    test: Pool,
    *,
    seed: int,
    steps: int,
    batch: int,
    rate: float,
) -> Fit:
    """Minimise the cross-entropy by Adam; the authors too report the epoch of best validation.

    Args:
        net: From a pool's arguments to scores of classes.
        train: To learn from.
        validation: By which the step is chosen.
        test: Looked at where validation improves, and chosen by nothing.
        seed: Of the batches; networks that are trained with one seed see the same ones.
        steps: How many, at most ``EPOCHS`` epochs.
        batch: Examples a step.
        rate: Peak learning rate.
    """
    steps = min(steps, EPOCHS * max(1, len(train) // batch))
    optimiser = torch.optim.Adam(net.parameters(), rate, weight_decay=DECAY, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, rate, total_steps=steps + 1, pct_start=WARM_UP, cycle_momentum=False
    )
    looks = {round(steps * (k + 1) / LOOKS) for k in range(LOOKS)}
    order = batches(stream(seed, NAME, "batches"), len(train), batch)
    best, best_step, answers = -1.0, 0, np.zeros(0, np.int64)
    for step in range(1, steps + 1):
        numbers = next(order)
        optimiser.zero_grad(set_to_none=True)
        scores = net(*train.select(numbers))
        loss = nn.functional.cross_entropy(scores, torch.from_numpy(train.labels[numbers]))
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(net.parameters(), LARGEST)
        optimiser.step()
        schedule.step()
        if step in looks:
            accuracy = float((answered(net, validation) == validation.labels).mean())
            if accuracy > best:
                best, best_step, answers = accuracy, step, answered(net, test)
    first = np.arange(min(FITTED, len(train)))
    return Fit(
        test=float((answers == test.labels).mean()),
        chance=chance(answers, test.labels),
        validation=best,
        train=float((answered(net, train, first) == train.labels[first]).mean()),
        taken=steps,
        best_step=best_step,
        answers=answers,
    )


def answered(net: nn.Module, pool: Pool, numbers: Labels | None = None, rows: int = 2048) -> Labels:
    """The class that a network gives each example ``(n,)``.

    Args:
        net: From the pool's arguments to scores.
        pool: The examples.
        numbers: Which of them; all if left out.
        rows: Examples at a time.
    """
    which = np.arange(len(pool)) if numbers is None else numbers
    with torch.no_grad():
        parts = [
            net(*pool.select(which[start : start + rows])).argmax(dim=1).numpy()
            for start in range(0, len(which), rows)
        ]
    return np.concatenate(parts)


def chance(answers: Labels, labels: Labels) -> float:
    """The expected share of right answers if they were permuted among the examples.

    Args:
        answers: ``(n,)``.
        labels: ``(n,)``.

    Example:
        >>> chance(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1]))
        0.5
    """
    classes = 1 + int(max(answers.max(), labels.max()))
    shares = [np.bincount(v, minlength=classes) / len(v) for v in (answers, labels)]
    return float(shares[0] @ shares[1])
