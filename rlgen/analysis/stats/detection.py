"""How well a check tells overfitted agents from sound ones: AUC, rates and verdicts (method 3.2).

A check is scored by the drop in training return it causes, a number for each agent of a population
whose generalization gaps are known. "Positive" agents are the overfitted ones.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlgen.analysis.stats.areas import (
    Auc,
    auc,
    roc,
    rounded,
    unusable,
)
from rlgen.analysis.stats.association import Association, kendall, partial_kendall, spearman
from rlgen.analysis.stats.certificates import clopper_pearson
from rlgen.analysis.stats.equivalence import tost

__all__ = [
    "Association",
    "Auc",
    "OperatingPoint",
    "Word",
    "adjusted_drop",
    "auc",
    "detection_radius",
    "eligible",
    "kendall",
    "labels",
    "partial_kendall",
    "roc",
    "spearman",
    "tpr_at_fpr",
    "verdict",
]

Floats = NDArray[np.float64]
NAN = float("nan")
Word = Literal["detects", "does not detect", "inconclusive"]


def adjusted_drop(
    returns: ArrayLike, returns_checked: ArrayLike, oracle: ArrayLike, oracle_checked: ArrayLike
) -> Floats:
    """An agent's drop under a check beyond what the check costs the plain planner.

    Args:
        returns: Mean training return of each agent.
        returns_checked: The same under the check.
        oracle: The planner's mean return on the same levels.
        oracle_checked: The same under the check, of which the planner does not know.

    Returns:
        ``(returns - returns_checked) - (oracle - oracle_checked)``, in units of return.
    """
    j, j_c, o, o_c = (
        np.asarray(v, float) for v in (returns, returns_checked, oracle, oracle_checked)
    )
    drop: Floats = (j - j_c) - (o - o_c)
    return drop


def labels(gap: ArrayLike, high: float = 0.25, low: float = 0.05) -> NDArray[np.int8]:
    """+1 for a normalised gap of at least ``high``, -1 for at most ``low``, 0 in between or nan.

    Agents in the indifference zone take no part in the AUC.
    """
    gaps = np.asarray(gap, float)
    return (gaps >= high).astype(np.int8) - (gaps <= low).astype(np.int8)


def eligible(train_score: ArrayLike, least: float = 0.95) -> NDArray[np.bool_]:
    """Which agents have learnt their training levels (normalised score); nan has not.

    A check is asked to tell apart agents of the same, optimal training return.
    """
    return np.asarray(train_score, float) >= least


def verdict(told: Auc, margin: float = 0.1, detects: float = 0.8, alpha: float = 0.05) -> Word:
    """What may be said of a check.

    Args:
        told: Its AUC with the 95 % interval.
        margin: Half width of the zone around .5 that counts as chance.
        detects: The lower end of the interval must reach this.
        alpha: Level of the equivalence test.

    Returns:
        "detects"; "does not detect" if the AUC is shown to lie within the margin of .5 by two
        one-sided tests; otherwise "inconclusive", as is a check that orders agents the wrong way.
        If all drops are equal the test is exact and takes 14 agents a class at these settings.
    """
    if told.low >= detects:
        return "detects"
    if told.se == 0 and told.value == 0.5:
        # An AUC further than the margin from .5 needs P(D+ = D-) < 1 - 2 margin, and then all of
        # n agents a class are tied with at most this probability: three and three show nothing.
        p = (1 - 2 * margin) ** min(told.n_positive, told.n_negative)
    else:
        p = tost(told.value - 0.5, told.se, margin).p
    return "does not detect" if p < alpha else "inconclusive"


@dataclass(frozen=True)
class OperatingPoint:
    """A check used with one threshold, on agents that did not choose it.

    Attributes:
        threshold: An agent is called overfitted if its drop is above this.
        tpr: Share of overfitted agents that are.
        low: Lower end of its 95 % Clopper-Pearson interval.
        high: Upper end.
        fpr: Share of sound agents that are, to be compared with the rate aimed at.
        n_positive: Overfitted agents of the reporting half.
        n_negative: Sound agents of the reporting half.
        reason: Why something is nan.
    """

    threshold: float
    tpr: float
    low: float
    high: float
    fpr: float
    n_positive: int
    n_negative: int
    reason: str = ""


def tpr_at_fpr(
    drops: ArrayLike, positive: ArrayLike, half: ArrayLike, fpr: float = 0.05
) -> OperatingPoint:
    """True-positive rate at a false-positive rate, the threshold being fitted on other agents.

    Args:
        drops: ``(A,)``.
        positive: ``(A,)``, whether the agent is overfitted.
        half: ``(A,)``, whether the agent serves to fit the threshold: the lowest that at most a
            share ``fpr`` of its sound agents exceed. Checkpoints of a run belong to one half.
        fpr: Rate aimed at.
    """
    values, truth, fit = rounded(drops), np.asarray(positive, bool), np.asarray(half, bool)
    pos, neg, sound = values[truth & ~fit], values[~truth & ~fit], values[~truth & fit]
    reason = unusable(pos, neg)
    if not reason and not (len(sound) and np.isfinite(sound).all()):
        reason = "no sound agents, or an unknown drop, in the half that fits the threshold"
    if reason:
        return OperatingPoint(NAN, NAN, NAN, NAN, NAN, len(pos), len(neg), reason)
    allowed = int(fpr * len(sound) + 1e-9)  # .29 * 100 is 28.999999999999996
    threshold = float(np.sort(sound)[::-1][min(allowed, len(sound) - 1)])
    caught = int((pos > threshold).sum())
    told = clopper_pearson(caught, len(pos), two_sided=True)
    return OperatingPoint(
        threshold,
        caught / len(pos),
        told.lower,
        told.upper,
        float((neg > threshold).mean()),
        len(pos),
        len(neg),
    )


def detection_radius(radii: ArrayLike, adjusted_drops: ArrayLike, threshold: float = 0.25) -> float:
    """How much an agent may know beyond its path and still be caught (method 3.5).

    Args:
        radii: Of trajectory memorisers; inf for the full memoriser.
        adjusted_drops: Of each under the check, in units of return.
        threshold: A memoriser with at least this drop is caught.

    Returns:
        The largest radius caught; inf if the full memoriser is caught, which only a check that
        leaves the training observations can do (3.4); nan if none is caught or a drop is nan. The
        largest finite radius tried stands for "at least".
    """
    tried, drops = np.asarray(radii, float), np.asarray(adjusted_drops, float)
    caught = tried[drops >= threshold]
    return float(caught.max()) if len(caught) and not np.isnan(drops).any() else NAN
