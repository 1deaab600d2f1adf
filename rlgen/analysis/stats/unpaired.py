"""Two arms whose runs have nothing in common but their held-out levels.

Runs of other seeds, of other training levels or of another laboratory cannot be paired. What the
levels do to both arms alike still cancels; what runs do adds up (Welch 1938).
"""

from collections.abc import Sequence

import numpy as np

from rlgen.analysis.stats import intervals
from rlgen.analysis.stats.intervals import NAN, Estimate, Floats, missing, satterthwaite, student
from rlgen.analysis.stats.matched import Arm
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
    return _difference(first.mean(axis=1), second.mean(axis=1), [(first, second)])


def unpaired_gap(first: Arm, second: Arm, *, shares_pool: bool = False) -> Estimate:
    """Gap of the first minus that of the second, likewise.

    Where all runs of an arm were trained on the same levels these are a sample too, for new ones.

    Args:
        first: Returns on training and held-out levels.
        second: The same of the second, on the same held-out levels.
        shares_pool: Whether both were trained on the same levels, all runs.
    """
    for arm in (first, second):
        if reason := missing(arm.test) or missing(np.concatenate([*arm.train, [0.0]])[:, None]):
            return Estimate(NAN, reason=reason)
    arms = (first, second)
    one, other = (intervals.means(arm.train) - arm.test.mean(axis=1) for arm in arms)
    common, alone = [(first.test, second.test)], []
    if shares_pool:
        common.append((np.stack(first.train), np.stack(second.train)))
    else:
        alone = [np.stack(arm.train) for arm in arms if arm.shares_pool]
    return _difference(one, other, common, alone)


def _difference(
    first_runs: Floats,
    second_runs: Floats,
    common: Sequence[tuple[Floats, Floats]],
    alone: Sequence[Floats] = (),
) -> Estimate:
    """Difference of the means of two samples of runs, and the share of the levels in its variance.

    Args:
        first_runs: ``(S,)``, a number a run.
        second_runs: ``(T,)``.
        common: Returns that are in these numbers on levels that all runs have in common, ``(S, L)``
            and ``(T, L)``.
        alone: Likewise on levels that only the runs of one arm have in common.
    """
    mean = float(first_runs.mean() - second_runs.mean())
    if min(len(first_runs), len(second_runs)) < 2:
        return Estimate(mean, reason=intervals.ONE_RUN)
    if min(table.shape[1] for table in (*(one for one, _ in common), *alone)) < 2:
        return Estimate(mean, reason=intervals.ONE_LEVEL)
    parts = [(float(x.var(ddof=1)) / len(x), len(x) - 1.0) for x in (first_runs, second_runs)]
    for tables in (*common, *((own,) for own in alone)):
        parts += _of_levels(tables)
    variance, df = satterthwaite(parts)
    return student(mean, variance, max(df, 1.0) if variance else 1.0)


def _of_levels(tables: Sequence[Floats]) -> list[tuple[float, float]]:
    """What levels add to the variance: of one table's mean, or of the difference of two.

    What single runs do on single levels is in the spread of runs and in that of levels: once is
    taken away again. A component estimated below zero is zero.
    """
    n_levels = tables[0].shape[1]
    residuals = [
        (-two_way(own).ms_residual / own.size, (len(own) - 1.0) * (n_levels - 1.0))
        for own in tables
    ]
    means = [own.mean(axis=0) for own in tables]
    by_level = means[0] - means[1] if len(means) > 1 else means[0]
    parts = [(float(by_level.var(ddof=1)) / n_levels, n_levels - 1.0), *residuals]
    return parts if sum(part for part, _ in parts) > 0 else []
