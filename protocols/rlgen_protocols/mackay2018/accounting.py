"""What a network forgets on given sequences, reversed once in integers, and what that saves."""

import copy
from typing import Any

import torch

from rlgen_protocols.mackay2018 import memory, recurrent
from rlgen_protocols.mackay2018.integers import Integers

NAN = float("nan")
#: What only reversible networks have.
OF_REVERSIBLE = (
    "exact",
    "float_error",
    "ideal",
    "words",
    "saving_ideal",
    "saving_allocated",
    "saving_saved",
)


def account(
    network: recurrent.Recurrent, inputs: torch.Tensor, masks: torch.Tensor | None = None
) -> dict[str, Any]:
    """Run a network over sequences, and a reversible one back.

    Args:
        network: Any of ``recurrent.build``.
        inputs: float32 ``(T, B, inputs)``.
        masks: Bool ``(T, B)``, False where a sequence has ended; without, none has.

    Returns:
        ``bits``: forgotten a unit and step, on average, in floats. Of reversible networks, nan of
        others: ``exact``, whether reversal brought the first state back and emptied the buffers;
        ``float_error``, the largest error of reversal in float32, nan where that overflows;
        ``ideal`` bits a unit and step in integers; ``words`` of 64 bits a unit at the end;
        ``saving_ideal``, ``saving_allocated`` against 32 bits a unit and step, nan where nothing
        is forgotten, and ``saving_saved``, against the bytes that backpropagation keeps of the same
        run in float32; ``growth``: ideal and allocated bits a unit after each step.
    """
    with torch.no_grad():
        _, _, factors = network.run(inputs, network.start(inputs.shape[1]))
    row: dict[str, Any] = {"bits": recurrent.bits_forgotten(factors)}
    if not isinstance(network, recurrent.Reversible):
        return row | dict.fromkeys(OF_REVERSIBLE, NAN) | {"growth": {}}
    return row | reversed_run(network, inputs, masks)


def reversed_run(
    network: recurrent.Reversible, inputs: torch.Tensor, masks: torch.Tensor | None = None
) -> dict[str, Any]:
    """The part of ``account`` that is of reversible networks."""
    length, n = inputs.shape[:2]
    machine = Integers(copy.deepcopy(network.cell).double(), n)
    first = [group.clone() for group in machine.state]
    units = n * sum(group.shape[1] for group in first)
    exact_inputs = inputs.double()
    growth: dict[str, list[float]] = {"ideal": [], "allocated": []}
    for t in range(length):
        machine.forward(exact_inputs[t], None if masks is None else masks[t])
        growth["ideal"].append(machine.tape.bits / units)
        growth["allocated"].append(memory.WORD * machine.tape.words / units)
    taken = length * n if masks is None else int(masks.sum())
    # Sequences that have ended take no steps and are not counted.
    ideal, words = machine.tape.bits / (units / n * taken), machine.tape.words / units
    for t in reversed(range(length)):
        machine.backward(exact_inputs[t], None if masks is None else masks[t])
    same = all(torch.equal(a, b) for a, b in zip(machine.state, first, strict=True))
    with memory.SavedBytes([*network.parameters(), inputs]) as saved:
        network.run(inputs, network.start(n))
    kept = (words * units * memory.WORD + units * memory.STATE_BITS_STORED) / 8
    return {
        "exact": bool(same and machine.tape.empty),
        "float_error": float_error(network, inputs),
        "ideal": ideal,
        "words": words,
        "saving_ideal": memory.ideal_saving(ideal),
        "saving_allocated": memory.allocated_saving(length, words),
        "saving_saved": saved.total / kept,
        "growth": growth,
    }


def float_error(network: recurrent.Reversible, inputs: torch.Tensor) -> float:
    """Largest absolute error of the first state after reversal in the parameters' own floats."""
    cell = network.cell
    with torch.no_grad():
        projected = [part.unbind() for part in cell.project(inputs)]
        first = state = cell.start(inputs.shape[1])
        for step in zip(*projected, strict=True):
            state, _ = cell.step(step, state)
        for step in reversed(list(zip(*projected, strict=True))):
            state = cell.unstep(step, state)
        error = max(float((a - b).abs().max()) for a, b in zip(state, first, strict=True))
    return error if error < float("inf") else NAN
