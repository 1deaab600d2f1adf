"""Learning to optimise: blocks that each make a step towards the solution of a Lasso."""

from collections.abc import Callable, Iterator
from typing import Any

import torch

from rlgen.agents.cloning import reproducible
from rlgen.util.seeding import library_seed
from rlgen_protocols.sander2021 import recurrence

#: Steps after which errors are kept; relative errors beyond these are neither resolved nor larger.
MARKS = (1, 3, 10, 30, 100, 300, 1000, 2000, 4000, 10_000)
SMALLEST, LARGEST = 1e-12, 1e30


def momentum(
    *, seed: int, gamma: float, rows: int, columns: int, penalty: float, steps: int
) -> dict[str, Any]:
    """A momentum network of ISTA steps; without momentum it is ISTA (Daubechies et al. 2004)."""
    step, solution = problem(seed, rows, columns, penalty)
    start = torch.zeros(1, columns, dtype=torch.float64)
    positions = (x for x, _ in recurrence.states(start, [step] * steps, gamma))
    return _errors(positions, solution, steps)


def revnet(*, seed: int, rows: int, columns: int, penalty: float, steps: int) -> dict[str, Any]:
    """A reversible network of two halves with the same steps."""
    step, solution = problem(seed, rows, columns, penalty)
    start = torch.zeros(1, columns, dtype=torch.float64)
    return _errors((a for a, _ in recurrence.revnet(start, [step] * steps)), solution, steps)


def problem(
    seed: int, rows: int, columns: int, penalty: float
) -> tuple[Callable[[torch.Tensor], torch.Tensor], torch.Tensor]:
    """A Lasso ``min |A x - b|^2 / 2 + lam |x|_1``: its ISTA residual and its solution.

    ``A`` and ``b`` are drawn from normal distributions, columns have norm 1, and ``lam`` is the
    penalty times the least at which the solution is 0.

    Returns:
        The block ``x -> soft(x - A'(A x - b) / L, lam / L) - x``, and the solution, ``(1, D)``.
    """
    with reproducible(library_seed(seed, "lasso", rows, columns)):
        matrix = torch.randn(rows, columns, dtype=torch.float64)
        target = torch.randn(rows, dtype=torch.float64)
    matrix = matrix / matrix.norm(dim=0)
    lam = penalty * float((matrix.T @ target).abs().max())
    curvature = float(torch.linalg.matrix_norm(matrix, 2)) ** 2

    def residual(x: torch.Tensor) -> torch.Tensor:
        moved = x - (x @ matrix.T - target) @ matrix / curvature
        return torch.nn.functional.softshrink(moved, lam / curvature) - x

    return residual, _solution(residual, matrix, target, lam)


def _solution(
    residual: Callable[[torch.Tensor], torch.Tensor],
    matrix: torch.Tensor,
    target: torch.Tensor,
    lam: float,
) -> torch.Tensor:
    """Accelerated steps (FISTA) find the support and signs, and linear equations the numbers."""
    x = extrapolated = torch.zeros(1, matrix.shape[1], dtype=torch.float64)
    weight = 1.0
    for _ in range(5000):
        after, weight_after = (
            extrapolated + residual(extrapolated),
            (1 + (1 + 4 * weight**2) ** 0.5) / 2,
        )
        extrapolated = after + (weight - 1) / weight_after * (after - x)
        x, weight = after, weight_after
    support = x[0] != 0
    own = matrix[:, support]
    values = torch.linalg.solve(own.T @ own, own.T @ target - lam * x[0, support].sign())
    solution = torch.zeros_like(x)
    solution[0, support] = values
    if not float(residual(solution).abs().max()) < 1e-9:
        raise ArithmeticError("the solution of a Lasso has not been reached")
    return solution


def _errors(
    positions: Iterator[torch.Tensor], solution: torch.Tensor, steps: int
) -> dict[str, Any]:
    """Relative distances to the solution at the marks; what diverges counts as the largest."""
    marks = [mark for mark in MARKS if mark < steps] + [steps]
    errors, error = [], 0.0
    for number, x in enumerate(positions, 1):
        if number in marks and error < LARGEST:
            error = float((x - solution).norm() / solution.norm())
            error = max(error, SMALLEST) if error < LARGEST else LARGEST
        if number in marks:
            errors.append(error)
    return {"error": errors[-1], "marks": marks, "errors": errors}
