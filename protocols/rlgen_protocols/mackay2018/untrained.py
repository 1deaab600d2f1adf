"""Cells with random weights: whether they come back, and whether gradients then agree."""

import copy
from typing import Any

import torch

from rlgen.agents.cloning import reproducible
from rlgen.errors import ProtocolError
from rlgen.util.seeding import library_seed
from rlgen_protocols.mackay2018 import memory, recurrent
from rlgen_protocols.mackay2018.accounting import account
from rlgen_protocols.mackay2018.reversal import kept_gradients, reversed_gradients

INPUTS, OUTPUTS = 16, 4


def reverse(*, seed: int, model: str, length: int, units: int, batch: int) -> dict[str, Any]:
    """Run an untrained network over random inputs and back.

    Args:
        seed: Of weights and inputs.
        model: A reversible one of ``recurrent.build``.
        length: Steps.
        units: Of the network.
        batch: Sequences.

    Returns:
        What ``account`` returns, and ``limit``, the most bits that a unit may forget in a step.

    Raises:
        ProtocolError: For a model that is not reversible.
    """
    with reproducible(library_seed(seed, "reversal", model)):
        network, inputs = _network(model, units), torch.randn(length, batch, INPUTS)
        return {"limit": memory.most_bits(network.cell.max_forget), **account(network, inputs)}


def gradients(*, seed: int, model: str, length: int, units: int, batch: int) -> dict[str, Any]:
    """Compare gradients on the way back with those of kept states; arguments as of ``reverse``.

    The loss of each step is the mean square of the head's outputs minus random targets.

    Returns:
        ``error``: the difference of reversed and kept gradients through the quantised forward pass,
        relative to the kept ones in the Euclidean norm over all parameters; ``from_real``: the same
        of kept gradients and those of the network in real numbers (float64).
    """
    with reproducible(library_seed(seed, "gradients", model)):
        network = copy.deepcopy(_network(model, units)).double()
        inputs = torch.randn(length, batch, INPUTS, dtype=torch.float64)
        targets = torch.randn(length, batch, OUTPUTS, dtype=torch.float64)
        parameters = list(network.parameters())

        def loss(t: int, read: torch.Tensor) -> torch.Tensor:
            error: torch.Tensor = network.head(read) - targets[t]
            return error.square().mean()

        hidden, _, _ = network.run(inputs, network.start(batch))
        total = torch.stack([loss(t, read) for t, read in enumerate(hidden)]).sum()
        real = torch.autograd.grad(total, parameters, allow_unused=True)
        kept = kept_gradients(network.cell, inputs, loss, parameters)
        back = reversed_gradients(network.cell, inputs, loss, parameters)
    whole, reversed_, usual = (
        torch.cat(
            [
                torch.zeros_like(p).ravel() if g is None else g.ravel()
                for p, g in zip(parameters, gradient, strict=True)
            ]
        )
        for gradient in (kept, back, real)
    )
    norm = whole.norm()
    return {
        "error": float((reversed_ - whole).norm() / norm),
        "from_real": float((usual - whole).norm() / norm),
    }


def _network(model: str, units: int) -> recurrent.Reversible:
    recurrent.limit(model)  # refuses others
    network = recurrent.build(model, INPUTS, units, OUTPUTS)
    if not isinstance(network, recurrent.Reversible):
        raise ProtocolError(f"model = {model!r}: only reversible networks can be reversed")
    return network
