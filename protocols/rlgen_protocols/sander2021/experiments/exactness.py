"""Inversion, memory, and two cases whose outcome is known."""

from collections.abc import Sequence
from math import log2
from typing import Any

import torch
from torch import nn

from rlgen.agents.cloning import reproducible
from rlgen.networks.exact_integers import InformationBuffer, to_fixed
from rlgen.networks.residual import Residual
from rlgen.util.seeding import library_seed
from rlgen_protocols.sander2021 import recurrence, reversible
from rlgen_protocols.sander2021.trunks import MomentumTrunk

#: What stands for an error that floating point cannot hold.
BEYOND = 1e38


def inversion(*, seed: int, gamma: float, depth: int, width: int, batch: int) -> dict[str, Any]:
    """Run a network forwards and backwards, in integers and in floating point."""
    with reproducible(library_seed(seed, "inversion", depth)):
        blocks = _blocks(depth, width)
        start = torch.randn(batch, width, dtype=torch.float64)
    plain = _gradient(recurrence, start, blocks, gamma)
    exact = _gradient(reversible, start, blocks, gamma)
    measured = {
        "gradient_error": float((plain - exact).norm() / plain.norm()),
        "float64_error": _float_error(start, blocks, reversible.rounded(gamma)),
    }
    halves, single = [block.float() for block in blocks], start.float()
    measured["float32_error"] = _float_error(single, halves, reversible.rounded(gamma))
    return measured | _round_trip(single, halves, gamma)


def _blocks(depth: int, width: int) -> list[nn.Module]:
    return [
        nn.Sequential(nn.Linear(width, width), nn.Tanh(), nn.Linear(width, width)).double()
        for _ in range(depth)
    ]


def _gradient(
    module: Any, start: torch.Tensor, blocks: Sequence[nn.Module], gamma: float
) -> torch.Tensor:
    """Of a function of the last position by the first and by all parameters, in one vector."""
    inputs = start.clone().requires_grad_()
    own = [inputs, *(p for block in blocks for p in block.parameters())]
    end = module.forward(inputs, blocks, reversible.rounded(gamma))
    return torch.cat([g.ravel() for g in torch.autograd.grad(end.sin().sum(), own)])


@torch.no_grad()
def _round_trip(start: torch.Tensor, blocks: Sequence[nn.Module], gamma: float) -> dict[str, Any]:
    """Whether the integers of all layers come back, and what the buffer holds in between."""
    n, dtype = reversible.numerator(gamma), start.dtype
    x = to_fixed(start, reversible.RADIX_BITS)
    state, buffer, path = (x, torch.zeros_like(x)), InformationBuffer(x), []
    for block in blocks:
        path.append(state)
        state = reversible.advance(state, buffer, block, n, 1.0, dtype=dtype)
    held = sum((word.double() + 1).log2().mean().item() for word in buffer.tensors)
    measured = {"words": buffer.words, "bits": held / len(blocks), "ideal_bits": -log2(gamma)}
    wrong = 0
    for block, before in zip(reversed(blocks), reversed(path), strict=True):
        state = reversible.retreat(state, buffer, block, n, 1.0, dtype=dtype)
        wrong += sum(int((one != other).sum()) for one, other in zip(state, before, strict=True))
    return measured | {"wrong_integers": wrong, "buffer_empty": buffer.empty}


@torch.no_grad()
def _float_error(start: torch.Tensor, blocks: Sequence[nn.Module], gamma: float) -> float:
    """The largest error of the first position by the inverse in floating point."""
    *_, end = recurrence.states(start, blocks, gamma)
    *_, (x, _) = recurrence.inverted(end, blocks, gamma)
    error = float((x - start).abs().max())
    return error if error < BEYOND else BEYOND


def memory(*, seed: int, gamma: float, depth: int, width: int, batch: int) -> dict[str, Any]:
    """Count the bytes that autograd keeps for the backward pass of a stack of blocks."""
    with reproducible(library_seed(seed, "memory")):
        trunk = Residual(width, width=width, hidden=width, depth=depth)
        start = torch.randn(batch, width, requires_grad=True)
    blocks = list(trunk.blocks)
    own = {p.untyped_storage().data_ptr() for p in trunk.parameters()}

    def kept(module: Any, momentum: float) -> int:
        storages: dict[int, int] = {}

        def pack(tensor: torch.Tensor) -> torch.Tensor:
            storage = tensor.untyped_storage()
            if storage.data_ptr() not in own:
                storages[storage.data_ptr()] = storage.nbytes()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            out = module.forward(start, blocks, momentum).square().sum()
        del out  # until here, so that no storage is used twice
        return sum(storages.values())

    return {
        "residual_bytes": kept(recurrence, 0.0),
        "momentum_bytes": kept(recurrence, gamma),
        "exact_bytes": kept(reversible, gamma),
    }


def identity(*, seed: int, depth: int, width: int, steps: int) -> dict[str, Any]:
    """Train a residual trunk, and one of momentum 0, and compare them bit for bit."""
    inputs = 32
    with reproducible(library_seed(seed, "identity")):
        data, goal = torch.randn(64, inputs), torch.randn(64, width)
        weights = torch.get_rng_state()
        residual = Residual(inputs, width=width, hidden=width, depth=depth)
        torch.set_rng_state(weights)
        momentum = MomentumTrunk(inputs, width=width, hidden=width, depth=depth, gamma=0.0)
        features = [_trained(trunk, data, goal, steps) for trunk in (residual, momentum)]
    pairs = zip(residual.parameters(), momentum.parameters(), strict=True)
    return {
        "weights_equal": all(torch.equal(one, other) for one, other in pairs),
        "features_equal": torch.equal(*features),
        "learnt": float((features[0] - goal).square().mean() / goal.square().mean()),
    }


def _trained(trunk: nn.Module, data: torch.Tensor, goal: torch.Tensor, steps: int) -> torch.Tensor:
    optimiser = torch.optim.Adam(trunk.parameters(), 1e-3)
    for _ in range(steps):
        optimiser.zero_grad()
        (trunk(data) - goal).square().mean().backward()
        optimiser.step()
    features: torch.Tensor = trunk(data).detach()
    return features


def crossing(*, seed: int, gamma: float, theta: float, depth: int) -> dict[str, Any]:
    """Follow a position under the tied linear block ``theta x``."""
    with reproducible(library_seed(seed, "crossing")):
        start = 0.5 + torch.rand(1, 1, dtype=torch.float64)
    path = recurrence.states(start, [lambda x: theta * x] * depth, gamma)
    positions = [float(start), *(float(x) for x, _ in path)]
    below = [layer for layer, x in enumerate(positions) if x < 0]
    return {"first_below_zero": below[0] if below else -1, "path": positions}
