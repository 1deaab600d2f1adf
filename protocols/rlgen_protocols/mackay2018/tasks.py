"""Repeat and remember: two tasks of tokens, of which one needs forgetting and one does not."""

from typing import Any

import torch
from torch import nn

from rlgen.agents.cloning import reproducible
from rlgen.errors import ProtocolError
from rlgen.util.seeding import library_seed, stream
from rlgen_protocols.mackay2018 import recurrent
from rlgen_protocols.mackay2018.accounting import account
from rlgen_protocols.mackay2018.experiments import LAST, READ, TOKENS
from rlgen_protocols.mackay2018.training import Loss, fit

TESTS = 256
#: What cross-entropy leaves out.
NO_TARGET = -100


def sequences(
    task: str, length: int, n: int, seed: int, *path: str | int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Random sequences and their targets.

    Args:
        task: "repeat": the target of a step is the token before. "remember": the target of the
            last step is the first token, and other steps have none.
        length: Steps, ``T``.
        n: Sequences, ``B``.
        seed: Of their generator.
        *path: Of its stream.

    Returns:
        Inputs float32 ``(T, B, 9)``, tokens as unit vectors and a mark of the first step; targets
        int64 ``(T, B)``, -100 where there is none.

    Raises:
        ProtocolError: If there is no such task.
    """
    if task not in ("repeat", "remember"):
        raise ProtocolError(f"task = {task!r}: must be repeat or remember")
    tokens = torch.from_numpy(
        stream(seed, "tokens", task, *path).integers(TOKENS, size=(length, n))
    )
    inputs = torch.zeros(length, n, TOKENS + 1)
    inputs[..., :TOKENS] = nn.functional.one_hot(tokens, TOKENS)
    inputs[0, :, TOKENS] = 1
    targets = torch.full_like(tokens, NO_TARGET)
    if task == "repeat":
        targets[1:] = tokens[:-1]
    else:
        targets[-1] = tokens[0]
    return inputs, targets


def run(
    *,
    seed: int,
    task: str,
    model: str,
    length: int,
    units: int,
    steps: int,
    batch: int,
    rate: float,
) -> dict[str, Any]:
    """Train one network on one task and read it at longer lengths.

    Args:
        seed: Of weights and sequences.
        task: As of ``sequences``.
        model: As of ``recurrent.build``.
        length: Steps of training sequences.
        units: Of the network.
        steps: Of Adam.
        batch: Sequences a step.
        rate: Learning rate.

    Returns:
        ``accuracy_1``, ``_4``, ``_16`` at these multiples of the training length, the same at the
        last five of the targets, ``last_1`` ..., and how many targets there were; what ``account``
        returns at four times the length; and ``curve``, loss and bits a unit and step over
        training.
    """
    with reproducible(library_seed(seed, "recurrent task", task, model)):
        network = recurrent.build(model, TOKENS + 1, units, TOKENS)

        def draw(step: int) -> tuple[torch.Tensor, Loss]:
            inputs, targets = sequences(task, length, batch, seed, "training", step)
            of = targets.flatten()
            return inputs, lambda outputs: nn.functional.cross_entropy(outputs.flatten(0, 1), of)

        curve = fit(network, steps, rate, draw)
        row: dict[str, Any] = {}
        for multiple in READ:
            inputs, targets = sequences(task, multiple * length, TESTS, seed, "test", multiple)
            with torch.no_grad():
                right = network(inputs).argmax(dim=2) == targets
            correct = right[(targets != NO_TARGET).all(dim=1)]
            row[f"accuracy_{multiple}"] = float(correct.float().mean())
            row[f"last_{multiple}"] = float(correct[-LAST:].float().mean())
            row[f"symbols_{multiple}"] = correct.numel()
            row[f"last_symbols_{multiple}"] = correct[-LAST:].numel()
        inputs, _ = sequences(task, 4 * length, batch, seed, "accounts")
        return row | account(network, inputs) | {"curve": curve}
