"""Two arms whose runs have nothing in common but their held-out levels.

Runs of other seeds, of other training levels or of another laboratory cannot be paired. What the
levels do to both arms alike still cancels; what runs do adds up (Welch 1938).
"""

import numpy as np

from rlgen.analysis.stats import intervals
from rlgen.analysis.stats.intervals import NAN, Estimate, Floats, missing, satterthwaite, student
from rlgen.analysis.stats.variance import two_way


def unpaired_mean(first: Floats, second: Floats) -> Estimate:
    """Mean of the first minus the second, with a 95 % interval for new runs on new levels.

    Args:
        first: ``(S, L)``.
        second: ``(T, L)``, other runs on the same levels.

    Example:
        >>> first = np.array([[1.0, 0.0, 2.0], [2.0, 0.5, 2.0], [1.5, 0.0, 3.0]])
        >>> difference = unpaired_mean(first, first[:2] - 1)
        >>> [round(number, 2) for number in difference.shown.values()]
        [1.08, -0.28, 2.44]
    """
    if reason := missing(first) or missing(second):
        return Estimate(NAN, reason=reason)
    return _difference(first.mean(axis=1), second.mean(axis=1), first, second)


def unpaired_gap(
    first: tuple[list[Floats], Floats], second: tuple[list[Floats], Floats]
) -> Estimate:
    """Gap of the first minus that of the second, likewise.

    Args:
        first: Of each run the returns on its training levels; and its held-out returns, ``(S, L)``.
        second: The same of the second.
    """
    for train, test in (first, second):
        if reason := missing(test) or missing(np.concatenate([*train, [0.0]])[:, None]):
            return Estimate(NAN, reason=reason)
    one, other = (intervals.means(train) - test.mean(axis=1) for train, test in (first, second))
    return _difference(one, other, first[1], second[1])


def _difference(first_runs: Floats, second_runs: Floats, first: Floats, second: Floats) -> Estimate:
    """Difference of the means of two samples of runs, and the share of the levels in its variance.

    Args:
        first_runs: ``(S,)``, a number a run.
        second_runs: ``(T,)``.
        first: ``(S, L)``, the returns on held-out levels that are in these numbers.
        second: ``(T, L)``.
    """
    mean = float(first_runs.mean() - second_runs.mean())
    if min(len(first_runs), len(second_runs)) < 2:
        return Estimate(mean, reason="one run has no interval")
    n_levels = first.shape[1]
    if n_levels < 2:
        return Estimate(mean, reason="one level has no interval for new levels")
    runs = [(float(x.var(ddof=1)) / len(x), len(x) - 1.0) for x in (first_runs, second_runs)]
    # What single runs do on single levels is in the spread of both: once is taken away again.
    residuals = [
        (-two_way(own).ms_residual / own.size, (len(own) - 1.0) * (n_levels - 1.0))
        for own in (first, second)
    ]
    by_level = first.mean(axis=0) - second.mean(axis=0)
    levels = (float(by_level.var(ddof=1)) / n_levels, n_levels - 1.0)
    whole = [levels, *residuals]
    if sum(part for part, _ in whole) <= 0:
        whole = []  # a component estimated below zero is zero
    variance, df = satterthwaite([*runs, *whole])
    return student(mean, variance, max(df, 1.0) if variance else 1.0)
