"""The number of steps to the key from each cell of a maze, in larger mazes."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F  # noqa: N812  # as everywhere in torch

from rlgen.agents.cloning import reproducible
from rlgen.errors import ProtocolError, nearest
from rlgen.levels import lookup
from rlgen.levels.split import draw_split
from rlgen.util.seeding import library_seed, stream
from rlgen_protocols.graphs.mazes import MazeGraph, of_levels
from rlgen_protocols.xu2021 import aggregation
from rlgen_protocols.xu2021.maze_network import Cells, MazeNetwork

NAME = "xu2021"
#: Sizes that are asked: the first is that of training.
SIZES = (9, 13, 21)
#: How many times the rounds of training are taken in tests.
TIMES = (1, 3)
#: The feature of cells that marks the key.
KEY = 0
MESSAGES = ("linear", "mlp")


def run(
    *,
    seed: int,
    aggregate: str,
    message: str,
    mazes: int,
    tests: int,
    width: int,
    rounds: int,
    steps: int,
    batch: int,
    rate: float,
) -> Mapping[str, Any]:
    """Train one network on small mazes, and ask it for larger ones, also with more rounds.

    Returns:
        See the paper's ``experiments``.

    Raises:
        ProtocolError: For an aggregation or messages that do not exist.
    """
    aggregation.check("aggregate", aggregate)
    if message not in MESSAGES:
        raise ProtocolError(f"message = {message!r}: unknown messages{nearest(message, MESSAGES)}")
    pools = {size: drawn(size, mazes, tests, seed) for size in SIZES}
    train = pools[SIZES[0]][0]
    rng = stream(seed, NAME, "mazes")
    with reproducible(library_seed(seed, NAME, "mazes", aggregate, message)):
        network = MazeNetwork(train[0].features.shape[1], width, aggregate, message)
        course = fit(network, train, rng, rounds=rounds, steps=steps, batch=batch, rate=rate)
        measured: dict[str, Any] = {"course": course}
        for size, (_, pool) in pools.items():
            for times in TIMES:
                measured |= _judged(network, pool, times * rounds, f"{size}_x{times}")
    longest = {
        f"longest_{size}": float(max(d.max() for d in map(to_key, pool)))
        for size, (_, pool) in pools.items()
    }
    return measured | longest


def drawn(
    size: int, n_train: int, n_tests: int, seed: int
) -> tuple[list[MazeGraph], list[MazeGraph]]:
    """Mazes of a size for training and for tests, which are none of them."""
    family = lookup.family(f"maze-tunnel[size={size}]")
    split = draw_split(family, n_train, 0, n_tests, pool_seed=seed)
    return of_levels(family, split.train), of_levels(family, split.test)


def to_key(maze: MazeGraph) -> NDArray[np.float64]:
    """Steps from each cell to the key, ``(n,)``."""
    key = int(maze.features[:, KEY].argmax())
    return np.asarray(maze.distances()[key])


def fit(
    network: MazeNetwork,
    mazes: Sequence[MazeGraph],
    rng: np.random.Generator,
    *,
    rounds: int,
    steps: int,
    batch: int,
    rate: float,
) -> list[float]:
    """Train by squared error with a rate that falls to 0 as a cosine; returns some of the losses.

    Args:
        network: Changed in place.
        mazes: Of training.
        rng: Draws batches.
        rounds: The fewest; in each step as many to twice as many are taken.
        steps: Of Adam.
        batch: Mazes a step.
        rate: Learning rate at the start.
    """
    distances = [to_key(maze) for maze in mazes]
    optimiser = torch.optim.Adam(network.parameters(), rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    losses = []
    for step in range(steps):
        some = rng.choice(len(mazes), min(batch, len(mazes)), replace=False)
        cells = Cells.of([mazes[k] for k in some], [distances[k] for k in some])
        # After enough rounds more of them must change nothing.
        taken = int(rng.integers(rounds, 2 * rounds + 1))
        loss = F.smooth_l1_loss(network(cells, taken), cells.distances)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if step % max(1, steps // 20) == 0:
            losses.append(loss.item())
    return losses


def _judged(
    network: MazeNetwork, mazes: Sequence[MazeGraph], rounds: int, name: str
) -> dict[str, Any]:
    """Share of cells with the exact distance, mean error, and both by distance."""
    cells = Cells.of(mazes, [to_key(maze) for maze in mazes])
    with torch.no_grad():
        numbers = network(cells, rounds).double().numpy()
    distances = cells.distances.numpy().astype(np.int64)
    # What overflowed is wrong, and as wrong as a number can be.
    errors = np.nan_to_num(np.abs(numbers - distances), nan=np.inf)
    counts = np.bincount(distances)
    with np.errstate(divide="ignore", invalid="ignore"):
        by_distance = np.bincount(distances, np.minimum(errors, 1e6)) / counts
    return {
        f"exact_{name}": float((errors < 0.5).mean()),
        f"error_{name}": float(np.minimum(errors, 1e6).mean()),
        f"by_distance_{name}": by_distance.tolist(),
    }
