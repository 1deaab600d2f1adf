"""The monster trainer, a shortest path: the authors' ``monster_trainer_generator.py``."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rlgen_protocols.xu2020.examples import BLOCK, Examples, Floats, Labels, shares, until_full

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Monsters:
    """The least cost from the monster of level 0 to the target.

    From level i one goes to any higher level j, for (j - i) times the L1 distance of the two.

    Attributes:
        levels: The highest level; there is one monster of each.
        span: Largest coordinate; the smallest is 0, all are integers, and no two monsters share a
            point of the plane.
        stops: The least and the largest number of steps of the shortest path; there are equally
            many examples of each number.
    """

    levels: int
    span: int
    stops: tuple[int, int]

    @property
    def classes(self) -> int:
        """Costs from 0 to that of one step across the map."""
        return 2 * self.levels * self.span + 1

    def draw(self, rng: np.random.Generator, n: int) -> Examples:
        """Draw maps and targets, shuffle the monsters of each."""
        least, most = self.stops
        count = self.levels + 1

        def block() -> tuple[Ints, Labels]:
            points = rng.permuted(np.tile(np.arange((self.span + 1) ** 2), (BLOCK, 1)), axis=1)
            places = np.stack(np.divmod(points[:, :count], self.span + 1), axis=2)
            target = rng.integers(1, count, (BLOCK, 1, 1))
            level = np.broadcast_to(np.arange(count)[None, :, None], (BLOCK, count, 1))
            targets = np.broadcast_to(target, (BLOCK, count, 1))
            monsters = np.concatenate([places, level, targets], axis=2)
            steps = np.take_along_axis(shortest(places)[1], target[:, :, 0], axis=1)[:, 0]
            return monsters, np.where((least <= steps) & (steps <= most), steps - least, -1)

        monsters = until_full(block, shares(n, most - least + 1)).astype(np.int64)
        costs = shortest(monsters[:, :, :2])[0]
        labels = np.take_along_axis(costs, monsters[:, 0, 3:], axis=1)[:, 0]
        shuffled = _shuffled(monsters, rng)
        order = rng.permutation(n)
        return Examples(self.encoded(shuffled[order]), labels[order])

    def encoded(self, monsters: Ints) -> Floats:
        """What networks see: x, y, level and target, each as a share of the largest."""
        largest = np.array([self.span, self.span, self.levels, self.levels])
        return np.asarray(monsters / largest, np.float32)


def _shuffled(monsters: Ints, rng: np.random.Generator) -> Ints:
    order = rng.random(monsters.shape[:2]).argsort(axis=1)
    return np.take_along_axis(monsters, order[:, :, None], axis=1)


def edges(places: Ints) -> Ints:
    """What a step costs ``(n, m, m)``: from rows to columns; entries to lower levels mean nothing.

    Args:
        places: ``(n, m, 2)``, by level.
    """
    distances = np.abs(places[:, :, None] - places[:, None]).sum(axis=3)
    level = np.arange(places.shape[1])
    return np.asarray((level[None, :] - level[:, None]) * distances)


def shortest(places: Ints) -> tuple[Ints, Ints]:
    """Least costs from level 0, and the steps of the shortest path that has fewest of them.

    These are the rounds after which Bellman and Ford know the cost.

    Args:
        places: ``(n, m, 2)``, by level.

    Returns:
        Costs and numbers of steps, each ``(n, m)``.
    """
    values = rounds(places, places.shape[1] - 1)
    return values[-1].astype(np.int64), np.asarray((values == values[-1]).argmax(axis=0))


def rounds(places: Ints, count: int) -> NDArray[np.float64]:
    """Costs from level 0 after each round of Bellman and Ford ``(count + 1, n, m)``.

    Args:
        places: ``(n, m, 2)``, by level.
        count: How many rounds.
    """
    n, m = places.shape[:2]
    up = np.triu(np.ones((m, m), bool), 1)
    costs = np.where(up, edges(places), np.inf)
    costs[:, np.arange(m), np.arange(m)] = 0
    values = np.full((count + 1, n, m), np.inf)
    values[:, :, 0] = 0
    for k in range(count):
        values[k + 1] = (values[k][:, :, None] + costs).min(axis=1)
    return values
