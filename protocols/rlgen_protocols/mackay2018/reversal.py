"""Gradients through a reversed run, which keeps no states, and through a kept one.

The quantised forward pass is a straight-through estimate: its values are those of the integers, and
its derivatives those of ``z * group + u`` with the quantised gate. Rounding itself has derivative
one. Both functions differentiate that same computation, so that they must agree; the gradients of
the network in real numbers differ from them by what the gates' 10 bits leave out.
"""

from collections.abc import Callable, Sequence

import torch
from torch import nn

from rlgen_protocols.mackay2018.cells import ReversibleCell, State
from rlgen_protocols.mackay2018.integers import WHOLE, Integers, fixed_gates

#: From the number of a step and the units read after it, ``(B, units)``, to its loss.
Loss = Callable[[int, torch.Tensor], torch.Tensor]


def straight_through(
    cell: ReversibleCell,
    inputs: torch.Tensor,
    before: State,
    after: Sequence[torch.Tensor],
    mask: torch.Tensor | None = None,
) -> State:
    """One step whose values are exact and whose derivatives are those of real numbers.

    Args:
        cell: The cell.
        inputs: ``(B, inputs)``.
        before: The groups before the step.
        after: The groups that the integers have after it; no derivative flows through them.
        mask: As of ``Integers.forward``.
    """
    projected, groups = cell.project(inputs), list(before)
    for group in cell.order:
        z, u = cell.update(group, projected, groups)
        new = groups[group] + u
        if z is not None:
            quantised = z + (fixed_gates(z) / WHOLE - z).detach()
            new = quantised * groups[group] + u
        new = new + (after[group] - new).detach()
        groups[group] = new if mask is None else torch.where(mask[:, None], new, groups[group])
    return tuple(groups)


def kept_gradients(
    cell: ReversibleCell, inputs: torch.Tensor, loss: Loss, parameters: Sequence[nn.Parameter]
) -> list[torch.Tensor]:
    """Gradients by backpropagation through time, with every state kept.

    Args:
        cell: With float64 parameters.
        inputs: Float64 ``(T, B, inputs)``.
        loss: Of each step; the sum is differentiated.
        parameters: What it is differentiated by.
    """
    machine, state = Integers(cell, inputs.shape[1]), cell.start(inputs.shape[1])
    total = inputs.new_zeros(())
    for t, now in enumerate(inputs):
        machine.forward(now)
        state = straight_through(cell, now, state, machine.values)
        total = total + loss(t, cell.read(state))
    return _gradients(total, parameters)


def reversed_gradients(
    cell: ReversibleCell, inputs: torch.Tensor, loss: Loss, parameters: Sequence[nn.Parameter]
) -> list[torch.Tensor]:
    """The same gradients from the last state and the buffers: states are computed backwards.

    Args:
        cell: As of ``kept_gradients``, like all else.
        inputs: Likewise.
        loss: Likewise.
        parameters: Likewise.

    Raises:
        ArithmeticError: If the first state does not come back, bit for bit.
    """
    machine = Integers(cell, inputs.shape[1])
    first = [group.clone() for group in machine.state]
    for now in inputs:
        machine.forward(now)
    gradients = [torch.zeros_like(p) for p in parameters]
    upstream: list[torch.Tensor] = [torch.zeros_like(group) for group in machine.values]
    for t in reversed(range(len(inputs))):
        after = machine.values
        leaves = [group.requires_grad_() for group in after]
        _accumulate(loss(t, cell.read(leaves)), None, leaves, upstream, parameters, gradients)
        machine.backward(inputs[t])
        before = [group.requires_grad_() for group in machine.values]
        step = straight_through(cell, inputs[t], tuple(before), [g.detach() for g in after])
        earlier = [torch.zeros_like(group) for group in before]
        _accumulate(step, upstream, before, earlier, parameters, gradients)
        upstream = earlier
    if not machine.tape.empty or any(map(_differ, machine.state, first)):
        raise ArithmeticError("reversal did not bring the first state back")
    return gradients


def _differ(one: torch.Tensor, other: torch.Tensor) -> bool:
    return not torch.equal(one, other)


def _accumulate(
    outputs: torch.Tensor | State,
    weights: Sequence[torch.Tensor] | None,
    leaves: Sequence[torch.Tensor],
    of_leaves: Sequence[torch.Tensor],
    parameters: Sequence[torch.Tensor],
    of_parameters: Sequence[torch.Tensor],
) -> None:
    """Add derivatives of outputs, weighted, to those of leaves and of parameters."""
    own = torch.autograd.grad(
        outputs, [*leaves, *parameters], grad_outputs=weights, allow_unused=True
    )
    for total, part in zip([*of_leaves, *of_parameters], own, strict=True):
        if part is not None:
            total += part


def _gradients(total: torch.Tensor, parameters: Sequence[nn.Parameter]) -> list[torch.Tensor]:
    own = torch.autograd.grad(total, list(parameters), allow_unused=True)
    return [
        torch.zeros_like(p) if part is None else part
        for p, part in zip(parameters, own, strict=True)
    ]
