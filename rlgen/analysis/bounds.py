"""Intervals cut at what is possible: a mean return lies between the worst and the best return.

An interval from two or three runs may reach far beyond. The truth cannot lie there, so that the
part within holds it just as often; what is cut off only says how little so few runs tell.
``summary.json`` has the intervals as they were computed, and verdicts are judged by these.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from rlgen.analysis.stats.certificates import ROUNDING, rounding
from rlgen.analysis.stats.intervals import Estimate, Floats
from rlgen.analysis.stats.tables import cell_key

if TYPE_CHECKING:
    from rlgen.analysis.results import Results

#: Said in a cell, and at the end of a sentence if more than half of the interval is cut off.
CUT = "cut at what is possible"
WIDE = "most of the interval lies beyond what returns can be: so few runs tell little"
LEAST_LEFT = 0.5
WRONG = "scores are wrong"
_ALL = (-math.inf, math.inf)


def beyond(results: "Results", cell: Mapping[str, Any]) -> str:
    """Which mean return of a level is not between the worst and the best one; empty if all are.

    The scale of its scores is then wrong. Mazes know theirs, of other families users say it.
    """
    bounds = results.facts(cell).get("bounds", {})
    rows = results.records_of(cell)
    for pool, (low, high) in bounds.items():
        slack = rounding(low, high)
        for returns in rows.loc[rows["split"] == pool, "ret_mean"]:
            if (least := returns.min()) < low - slack:
                return f"a return of {least:.3g} is beyond worst = {low:g}: {WRONG}"
            if (most := returns.max()) > high + slack:
                return f"a return of {most:.3g} is beyond best = {high:g}: {WRONG}"
    return ""


def beyond_oracle(results: "Results", cell: Mapping[str, Any]) -> str:
    """Which score of imported returns that nobody sampled is above 1, that of ``oracle``, or none.

    A mean of sampled episodes may be above the best expected return; see ``above_oracle``.
    """
    if not results.imported:
        return ""
    rows = results.records_of(cell)
    for pool, part in rows[rows["exact"].astype(bool)].groupby("split", observed=True):
        most = max((scores.max() for scores in _scores(part)), default=0.0)
        if most > 1 + ROUNDING:
            return f"a {_of(pool)} score of {_above(most)} is beyond that of oracle, 1: {WRONG}"
    return ""


def above_oracle(results: "Results", cell: Mapping[str, Any]) -> str:
    """Which mean score of imported returns is above 1, maybe by chance; empty if none is."""
    if not results.imported:
        return ""
    for pool in sorted(set(results.records_of(cell)["split"]), reverse=True):
        mean = results.estimate(cell, results.main, "normalised", pool).mean
        if mean > 1 + ROUNDING:
            return (
                f"a mean {_of(pool)} score of {_above(mean)} is above that of oracle, 1: by "
                "chance, or oracle is not the best return"
            )
    return ""


def _of(pool: Any) -> str:
    return {"train": "training", "test": "held-out"}.get(str(pool), str(pool))


def _above(score: float) -> str:
    """A score above 1 with digits that show it."""
    return f"{score:.3g}" if score >= 1.005 else f"{score:.6g}"


def _scores(rows: pd.DataFrame) -> list[Floats]:
    """By run the scores of its levels that have one."""
    arrays = [values[np.isfinite(values)] for values in rows["normalised"]]
    return [values for values in arrays if len(values)]


@dataclass(frozen=True)
class Cut:
    """An estimate as it is displayed.

    Attributes:
        mean: The estimate.
        low: Lower end, or the lowest possible value above it.
        high: Upper end, or the highest possible value below it.
        reason: Why it has no interval, or that this was cut; else empty.
        left: Part of the interval that is left.
    """

    mean: float
    low: float
    high: float
    reason: str
    left: float = 1.0

    @property
    def warning(self) -> str:
        """What a sentence must say of it, or nothing."""
        return WIDE if self.left < LEAST_LEFT else ""


def cut(estimate: Estimate, bounds: tuple[float, float]) -> Cut:
    """An estimate with its interval cut at the bounds.

    Example:
        >>> cut(Estimate(1.0, -9.0, 11.0), (-5.0, 2.1)).high
        2.1
    """
    least, most = bounds
    # Computed means may be above the best return by their last digit; the estimate stays within.
    low = max(estimate.low, min(least, estimate.mean)) if estimate.low < least else estimate.low
    high = min(estimate.high, max(most, estimate.mean)) if estimate.high > most else estimate.high
    moved = estimate.low < least or estimate.high > most
    if not moved:
        return Cut(estimate.mean, low, high, estimate.reason)
    width = estimate.high - estimate.low
    return Cut(estimate.mean, low, high, CUT, (high - low) / width if width > 0 else 1.0)


def possible(
    results: "Results", cell: Mapping[str, Any], quantity: str, part: str
) -> tuple[float, float]:
    """The lowest and the highest possible value of a cell's mean; infinite where nobody knows.

    So it is too where returns were measured that lie beyond what was said.

    Args:
        results: Of the study.
        cell: Values of ``CELL``.
        quantity: "return", "solved", or "normalised", whose bounds are not known.
        part: A pool, or "gap", of training and held-out levels.
    """
    if quantity == "solved":
        return (-1.0, 1.0) if part == "gap" else (0.0, 1.0)
    bounds = results.facts(cell).get("bounds", {})
    # A scale beyond which returns lie is none to cut at.
    if quantity != "return" or not bounds or results.beyond.get(cell_key(cell)):
        return _ALL
    if part == "gap":
        (low, high), (least, most) = bounds["train"], bounds["test"]
        return low - most, high - least
    low, high = bounds.get(part, _ALL)
    return low, high


def widest(results: "Results", task: Mapping[str, Any]) -> float:
    """The largest possible difference of held-out returns on a task; infinite if not known.

    Args:
        results: Of the study.
        task: Values of cells that are compared, as of ``Comparison``.
    """
    own = [cell for cell in results.cells if task.items() <= cell.items()]
    ends = [possible(results, cell, "return", "test") for cell in own]
    return max((high - low for low, high in ends), default=math.inf)


def displayed(
    results: "Results", cell: Mapping[str, Any], quantity: str, part: str, condition: str = ""
) -> Cut:
    """An estimate of a cell as it is displayed, under the main condition by default."""
    estimate = results.estimate(cell, condition or results.main, quantity, part)
    return cut(estimate, possible(results, cell, quantity, part))
