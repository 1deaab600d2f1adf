"""What a network can represent: a decreasing map of the line, and nested rings of the plane."""

from collections.abc import Callable
from math import pi
from typing import Any

import torch
from torch import nn

from rlgen.agents.cloning import reproducible
from rlgen.util.seeding import library_seed
from rlgen_protocols.sander2021 import recurrence

#: Points of the line on which the error of a map is measured, and whose paths are drawn.
GRID, DRAWN = 2001, 8


class Branch(nn.Module):
    """``W2 tanh(W1 x + b1) + b2``, perhaps scaled so that it expands no distance by more.

    Args:
        size: Dimension of positions.
        hidden: Hidden units.
        lipschitz: Bound of the Lipschitz constant; 0 for none.
    """

    def __init__(self, size: int, hidden: int, lipschitz: float = 0.0) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(size, hidden), nn.Linear(hidden, size)
        self.lipschitz = lipschitz

    def tied(self, depth: int) -> list[recurrence.Block]:
        """The same branch ``depth`` times, with the weights that it has now."""
        weight = self.last.weight
        if self.lipschitz:
            norms = (torch.linalg.matrix_norm(m.weight, 2) for m in (self.first, self.last))
            bound = torch.stack(list(norms)).prod()
            weight = weight * (self.lipschitz / bound).clamp(max=1.0)

        def branch(x: torch.Tensor) -> torch.Tensor:
            return nn.functional.linear(torch.tanh(self.first(x)), weight, self.last.bias)

        return [branch] * depth


def cube(
    *,
    seed: int,
    gamma: float,
    lipschitz: float,
    depth: int,
    hidden: int,
    optimiser: str,
    rate: float,
    iterations: int,
    batch: int,
) -> dict[str, Any]:
    """Fit ``-x^3`` on (-1, 1) by a tied block, as ``plot_dynamics_1D.py`` of the authors' code."""
    with reproducible(library_seed(seed, "cube")):
        branch = Branch(1, hidden, lipschitz)

        def loss() -> torch.Tensor:
            x = 2 * torch.rand(batch, 1) - 1
            return (recurrence.forward(x, branch.tied(depth), gamma) + x**3).square().mean()

        steps = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}
        _minimise(loss, steps[optimiser](branch.parameters(), rate), iterations)
    grid = torch.linspace(-1, 1, GRID, dtype=torch.float64)[:, None]
    branch.double()
    with torch.no_grad():
        end = recurrence.forward(grid, branch.tied(depth), gamma)
        few = torch.linspace(-1, 1, DRAWN, dtype=torch.float64)[:, None]
        path = [few, *(x for x, _ in recurrence.states(few, branch.tied(depth), gamma))]
    error = (end + grid**3).square()[:, 0]
    return {
        "mse": float(torch.trapezoid(error, grid[:, 0]) / 2),
        "increasing": bool((end.diff(dim=0) > 0).all()),
        "path": [[float(x) for x in positions[:, 0]] for positions in path],
    }


def rings(
    *,
    seed: int,
    gamma: float,
    depth: int,
    hidden: int,
    rate: float,
    decay: bool,
    iterations: int,
    points: int,
) -> dict[str, Any]:
    """Separate two nested rings, as ``run_separation_nested_rings.py`` of the authors' code."""
    with reproducible(library_seed(seed, "rings")):
        branch = Branch(2, hidden)
        labels = torch.arange(2).repeat_interleave(points)

        def scores() -> torch.Tensor:
            return recurrence.forward(_rings(points), branch.tied(depth), gamma)

        _minimise(
            lambda: nn.functional.cross_entropy(scores(), labels),
            torch.optim.Adam(branch.parameters(), rate),
            iterations,
            decay=decay,
        )
        with torch.no_grad():
            accuracy = (scores().argmax(dim=1) == labels).float().mean()
            few = _rings(60)
            path = [few, *(x for x, _ in recurrence.states(few, branch.tied(depth), gamma))]
    clouds = path[:: max(1, depth // 3)]
    return {
        "accuracy": float(accuracy),
        "layers": list(range(0, depth + 1, max(1, depth // 3))),
        "path": [[[round(c, 4) for c in point] for point in cloud.tolist()] for cloud in clouds],
    }


def _rings(points: int) -> torch.Tensor:
    """Points of both rings, ``(2 points, 2)``: radii from 1.5 to 2.1 and from 3 to 3.6."""
    radius = 3 * (torch.tensor([[0.5], [1.0]]) + 0.2 * torch.rand(2, points)).ravel()
    angle = 2 * pi * torch.rand(2 * points)
    return torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1)


def _minimise(
    loss: Callable[[], torch.Tensor],
    optimiser: torch.optim.Optimizer,
    iterations: int,
    *,
    decay: bool = False,
) -> None:
    """With ``decay`` the rate is halved after half of the iterations, and a tenth after 3/4."""
    rates = [group["lr"] for group in optimiser.param_groups]
    for iteration in range(iterations):
        late = (2 * iteration >= iterations) + (4 * iteration >= 3 * iterations)
        for group, rate in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = rate * (1, 0.5, 0.05)[late] if decay else rate
        optimiser.zero_grad()
        loss().backward()  # type: ignore[no-untyped-call]
        optimiser.step()
