"""Animals with coordinates, an age and a type: the authors' ``treasure_generator.py``.

Its subtype 2 is the maximum value difference, a statistic of a set, and its subtype 0 the furthest
pair, an argmax over pairs.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rlgen_protocols.xu2020.examples import BLOCK, Examples, Floats, Labels, shares, until_full

VALUE_DIFFERENCE, FURTHEST_PAIR, POSITION = "value-difference", "furthest-pair", "position"
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Animals:
    """A task on animals.

    Attributes:
        question: ``"value-difference"``: largest less smallest age. ``"furthest-pair"``: types of
            the two animals furthest apart. ``"position"``: type of the first animal, which depends
            on the order of animals alone (a control).
        objects: Animals of an example.
        coordinates: Dimensions of a position.
        span: Largest coordinate; the smallest is 0, all are integers.
        ages: Largest age, likewise.
        types: How many types there are.
        unique: Whether examples in which several pairs are furthest apart are left out; else the
            first of them counts, as in the authors' code.
    """

    question: str
    objects: int
    coordinates: int
    span: int
    ages: int
    types: int
    unique: bool = True

    @property
    def classes(self) -> int:
        """Values of the difference, pairs of types without order, or types."""
        if self.question == VALUE_DIFFERENCE:
            return self.ages + 1
        return self.types * (self.types + 1) // 2 if self.question == FURTHEST_PAIR else self.types

    def draw(self, rng: np.random.Generator, n: int) -> Examples:
        """Draw animals as the authors do: all numbers uniform and independent."""

        def block() -> tuple[Ints, Labels]:
            size = (BLOCK, self.objects)
            places = rng.integers(0, self.span + 1, (*size, self.coordinates))
            ages = rng.integers(0, self.ages + 1, (*size, 1))
            types = rng.integers(0, self.types, (*size, 1))
            animals = np.concatenate([places, ages, types], axis=2)
            if self.question == FURTHEST_PAIR and self.unique:
                return animals, np.where(furthest(places)[1] == 1, 0, -1)
            return animals, np.zeros(BLOCK, np.int64)

        animals = until_full(block, shares(n, 1)).astype(np.int64)
        return Examples(self.encoded(animals), self.labels(animals))

    def labels(self, animals: Ints) -> Labels:
        """The class of each example.

        Args:
            animals: ``(n, objects, coordinates + 2)``: coordinates, age, type.
        """
        ages, types = animals[:, :, -2], animals[:, :, -1]
        if self.question == VALUE_DIFFERENCE:
            return np.asarray(ages.max(axis=1) - ages.min(axis=1))
        if self.question == POSITION:
            return types[:, 0]
        pairs, _ = furthest(animals[:, :, :-2])
        return pair_index(np.take_along_axis(types, pairs, axis=1), self.types)

    def encoded(self, animals: Ints) -> Floats:
        """What networks see: coordinates and age as shares of the largest, types one-hot."""
        places, ages, types = animals[:, :, :-2], animals[:, :, -2:-1], animals[:, :, -1]
        kinds = np.eye(self.types)[types]
        parts = [places / self.span, ages / self.ages, kinds]
        return np.concatenate(parts, axis=2).astype(np.float32)


def furthest(places: Ints) -> tuple[Ints, Ints]:
    """The first of the pairs with the largest L1 distance.

    Args:
        places: ``(n, objects, coordinates)``.

    Returns:
        The pair ``(n, 2)``, and how many pairs are as far apart ``(n,)``.
    """
    distances = np.abs(places[:, :, None] - places[:, None]).sum(axis=3)
    one, other = np.triu_indices(places.shape[1], 1)
    pairs = distances[:, one, other]
    first = pairs.argmax(axis=1)
    equal = (pairs == pairs.max(axis=1, keepdims=True)).sum(axis=1)
    return np.stack([one[first], other[first]], axis=1), equal


def pair_index(types: Ints, n_types: int) -> Labels:
    """The number of a pair of types without order, counted from (0, 0), (0, 1) and so on.

    Args:
        types: ``(n, 2)``.
        n_types: How many there are.
    """
    low, high = types.min(axis=1), types.max(axis=1)
    return np.asarray(low * n_types - low * (low - 1) // 2 + high - low)
