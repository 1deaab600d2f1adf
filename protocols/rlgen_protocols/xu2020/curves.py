"""Learning curves: accuracy by the number of examples, as numbers that can be compared."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

#: The accuracy whose sample complexity is shown.
REACHED = 0.9


@dataclass(frozen=True)
class Curve:
    """Accuracy of one network on growing numbers of examples, at least one number.

    Attributes:
        n: Numbers of examples, increasing.
        accuracy: Share of test examples, by number.
    """

    n: Sequence[float]
    accuracy: Sequence[float]

    @property
    def isotonic(self) -> NDArray[np.float64]:
        """The nearest accuracies that do not fall, ``(len(n),)``."""
        return np.asarray(isotonic_regression(np.asarray(self.accuracy, float)).x)

    @property
    def area(self) -> float:
        """The mean isotonic accuracy over log n, between 0 and 1.

        Example:
            >>> Curve([10, 100, 1000], [0.2, 0.4, 0.4]).area
            0.35
        """
        if len(self.n) == 1:
            return float(self.isotonic[0])
        where = np.log(self.n)
        return float(np.trapezoid(self.isotonic, where) / (where[-1] - where[0]))

    def reaching(self, accuracy: float = REACHED) -> float:
        """The least number of examples of this isotonic accuracy, interpolated over log n.

        Returns:
            Infinity where the curve does not reach it; the first number where that does.
        """
        values = self.isotonic
        if values[-1] < accuracy:
            return float("inf")
        after = int(np.argmax(values >= accuracy))
        if after == 0:
            return float(self.n[0])
        low, high = np.log(self.n[after - 1]), np.log(self.n[after])
        share = (accuracy - values[after - 1]) / (values[after] - values[after - 1])
        return float(np.exp(low + share * (high - low)))
