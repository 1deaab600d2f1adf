"""What a benchmark gives, and how things are timed: side by side, medians, one core."""

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

#: Timings that a median is taken of, at least.
REPEATS = 5


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        what: What was measured.
        against: What it is measured against, or "".
        measured: The number.
        target: What it is to reach.
        unit: Of both; "x" is a ratio.
        at_least: Whether more is better.
        detail: The parts of a ratio, the profile that shows why a target is missed.
    """

    what: str
    against: str
    measured: float
    target: float
    unit: str
    at_least: bool
    detail: str = ""

    @property
    def reached(self) -> bool:
        return self.measured >= self.target if self.at_least else self.measured <= self.target


def seconds(job: Callable[[], object]) -> float:
    """Wall time of one call."""
    gc.collect()
    began = time.perf_counter()
    job()
    return time.perf_counter() - began


def side_by_side(
    jobs: Mapping[str, Callable[[], object]], repeats: int = REPEATS
) -> dict[str, float]:
    """Median seconds of each job, taken in turn so that a slow moment of the machine hits all."""
    taken: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(repeats):
        for name, job in jobs.items():
            taken[name].append(seconds(job))
    return {name: median(times) for name, times in taken.items()}
