"""The generalization gap of one policy that no longer learns, with levels as the only samples."""

import numpy as np
from numpy.typing import NDArray

from rlgen.analysis.stats.intervals import (
    NAN,
    Estimate,
    level_mean,
    missing,
    satterthwaite,
    student,
)

Floats = NDArray[np.float64]


def policy_gap(
    train: Floats,
    test: Floats,
    noise: float = NAN,
    confidence: float = 0.95,
    *,
    pool: float | None = None,
) -> Estimate:
    """Mean return on the training levels minus mean return on new levels, of this policy.

    The training pool is taken as it is: where all levels that the policy learned from were played,
    its mean varies only with the episodes, and where some were, also with which (a sample without
    replacement from a finite population, Cochran 1977, 2.6). Held-out levels are drawn. The two
    are independent, and nothing is said of the algorithm that made the policy, of which this is
    one run.

    Args:
        train: Mean return on each training level, ``(L,)``.
        test: Mean return on each held-out level, ``(M,)``; their spread holds that of episodes.
        noise: Variance of the mean of ``train`` through the episodes played; 0 where returns are
            computed. Where it is not known the training levels count as drawn as well, and the
            interval is wider.
        confidence: Confidence level of the interval.
        pool: How many levels the policy learned from; the ``L`` that were played by default, inf
            where it is not known.

    Returns:
        The gap; its interval is nan, with the reason, where there are fewer than two held-out
        levels or all returns are equal.

    Example:
        >>> train, test = np.array([2.0, 2.1, 2.0]), np.array([0.5, 1.5, 1.0, 2.0])
        >>> {name: round(value, 2) for name, value in policy_gap(train, test, 0.0).shown.items()}
        {'mean': 0.78, 'low': -0.24, 'high': 1.81}
    """
    if reason := missing(train[None]) or missing(test[None]):
        return Estimate(NAN, reason=reason)
    mean = float(train.mean() - test.mean())
    new = level_mean(test)
    if len(test) < 2:
        return Estimate(mean, reason=new.reason)
    if noise != noise and len(train) < 2:
        return Estimate(mean, reason="one training level, and its episodes' spread is not known")
    parts = [(float(test.var(ddof=1)) / len(test), len(test) - 1.0)]
    share_played = len(train) / (pool or len(train))
    if noise != noise:
        parts.append((float(train.var(ddof=1)) / len(train), len(train) - 1.0))
    elif share_played < 1:
        if len(train) < 2:
            return Estimate(mean, reason="one training level of several was played")
        # The spread of levels as played holds this share of what episodes add.
        spread = float(train.var(ddof=1)) / len(train) * (1 - share_played)
        parts.append((spread, len(train) - 1.0))
    # The variance of many episodes is known well: it takes no degrees of freedom.
    played = 0.0 if noise != noise else noise * share_played
    drawn, df = satterthwaite(parts)
    if drawn + played == 0:
        return student(mean, 0.0, 1.0, confidence)
    share = drawn / (drawn + played)
    df = df / share**2 if share else np.inf
    return student(mean, drawn + played, df, confidence)
