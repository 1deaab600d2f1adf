"""How well a detector tells overfitted agents from sound ones: rates and verdicts (method 3.2).

A detector is scored by the drop in training return that it causes, one number for each agent of a
population whose generalization gaps are known. "Positive" agents are the overfitted ones.
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
    """An agent's drop under a detector, less that of the plain planner.

    Args:
        returns: ``(A,)``, mean training return of each agent.
        returns_checked: ``(A,)``, the same under the detector's condition.
        oracle: ``(A,)``, the planner's mean return on the same levels.
        oracle_checked: ``(A,)``, the same under the condition, which the planner does not know.

    Returns:
        ``(A,)``, ``(returns - returns_checked) - (oracle - oracle_checked)``, in units of return.

    Example:
        >>> float(adjusted_drop(2.0, 1.5, 2.1, 2.0).round(3))
        0.4
    """
    j, j_c, o, o_c = (
        np.asarray(v, float) for v in (returns, returns_checked, oracle, oracle_checked)
    )
    drop: Floats = (j - j_c) - (o - o_c)
    return drop


def labels(gap: ArrayLike, high: float = 0.25, low: float = 0.05) -> NDArray[np.int8]:
    """Label agents by their gap: +1 overfitted, -1 sound, 0 neither.

    Args:
        gap: ``(A,)``, normalised gaps; nan is neither.
        high: From here on an agent is overfitted.
        low: Up to here it is sound. Agents in between take no part in the AUC.

    Example:
        >>> labels([0.3, 0.1, 0.0]).tolist()
        [1, 0, -1]
    """
    gaps = np.asarray(gap, float)
    return (gaps >= high).astype(np.int8) - (gaps <= low).astype(np.int8)


def eligible(train_score: ArrayLike, least: float = 0.95) -> NDArray[np.bool_]:
    """Whether each agent has learnt its training levels.

    Detectors are scored on agents of the same, nearly optimal training return only.

    Args:
        train_score: ``(A,)``, normalised; nan has not learnt.
        least: The score that is needed.
    """
    return np.asarray(train_score, float) >= least


def verdict(area: Auc, margin: float = 0.1, detects: float = 0.8, alpha: float = 0.05) -> Word:
    """Verdict on a detector.

    Args:
        area: Its AUC with the 95 % interval.
        margin: Half width of the zone around .5 that counts as chance.
        detects: The lower end of the interval must reach this.
        alpha: Level of the equivalence test.

    Returns:
        "detects"; "does not detect" if the AUC is shown to lie within the margin of .5 by two
        one-sided tests; otherwise "inconclusive", also if it orders agents the wrong way.
        If all drops are equal the test is exact and takes 14 agents a class at these settings.
    """
    if area.low >= detects:
        return "detects"
    if area.se == 0 and area.value == 0.5:
        # An AUC further than the margin from .5 needs P(D+ = D-) < 1 - 2 margin, and then all of
        # n agents a class are tied with at most this probability: three and three show nothing.
        p = (1 - 2 * margin) ** min(area.n_positive, area.n_negative)
    else:
        p = tost(area.value - 0.5, area.se, margin).p
    return "does not detect" if p < alpha else "inconclusive"


@dataclass(frozen=True)
class OperatingPoint:
    """A detector used with one threshold, on agents that the threshold was not fitted on.

    Attributes:
        threshold: An agent is called overfitted if its drop is above this.
        tpr: Share of overfitted agents that are called overfitted.
        low: Lower end of its 95 % Clopper-Pearson interval.
        high: Upper end.
        fpr: Share of sound agents that are called overfitted; compare it with the target rate.
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
    """True-positive rate at a target false-positive rate; the threshold is fitted on other agents.

    Args:
        drops: ``(A,)``, adjusted drops.
        positive: ``(A,)``, whether the agent is overfitted.
        half: ``(A,)``, whether the agent serves to fit the threshold: the lowest that at most a
            share ``fpr`` of its sound agents exceed. Checkpoints of a run belong to one half.
        fpr: Target false-positive rate.
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
    rate = clopper_pearson(caught, len(pos), two_sided=True)
    return OperatingPoint(
        threshold,
        caught / len(pos),
        rate.lower,
        rate.upper,
        float((neg > threshold).mean()),
        len(pos),
        len(neg),
    )


def detection_radius(radii: ArrayLike, adjusted_drops: ArrayLike, threshold: float = 0.25) -> float:
    """How much an agent may know beyond its path and still be caught (method 3.5).

    Args:
        radii: ``(M,)``, of trajectory memorisers; inf for the full memoriser.
        adjusted_drops: ``(M,)``, of each memoriser under the detector, in units of return.
        threshold: A memoriser with at least this drop is caught, in units of return.

    Returns:
        The largest radius caught; inf if the full memoriser is caught, which only a detector that
        leaves the training observations can do (3.4); nan if none is caught or a drop is nan. The
        largest finite radius tried stands for "at least".
    """
    tried, drops = np.asarray(radii, float), np.asarray(adjusted_drops, float)
    caught = tried[drops >= threshold]
    return float(caught.max()) if len(caught) and not np.isnan(drops).any() else NAN
