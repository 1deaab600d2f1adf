"""Detectors scored over agents whose overfitting is known (method 3.2)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rlgen.analysis.stats import detection
from rlgen.analysis.stats.detection import Association, Auc, OperatingPoint

Floats = NDArray[np.float64]

#: Drops are compared in steps of this share of the way from random to planner. Two agents that
#: differ by less differ in nothing that anyone would call overfitting, and the exact evaluation
#: would otherwise rank them by their last digits.
RESOLUTION = 0.01
#: Only agents that do about as well as possible on their training levels count: the question is
#: whether a detector tells apart those that training return does not.
ELIGIBLE = 0.95
#: Normalised gaps from the first on are overfitting, up to the second none; agents in between do
#: not count.
OVERFITTED, SOUND = 0.25, 0.05

#: Fields that identify an agent, and its two scores.
FIELDS = ("kind", "name", "pool_seed", "n_levels", "flip_p", "seed", "train_score", "test_score")


@dataclass(frozen=True)
class Scorecard:
    """The score of one detector over one population.

    Attributes:
        check: The detector's name.
        auc: Probability that an overfitted agent loses more than a sound one.
        verdict: "detects", "does not detect" or "inconclusive".
        kendall: Rank correlation of drop and gap over all eligible agents.
        spearman: The same after Spearman.
        partial: Kendall's within groups of equal training pool size, flips and network: what the
            detector knows beyond the experimenter's own settings.
        tpr: True-positive rate at 5 % false positives, the threshold fitted on the other half.
        roc: ``(false-positive rate, true-positive rate)``.
        drops: Mean adjusted drop of the overfitted and of the sound agents, normalised.
        raw: Mean raw drop of the same, in units of return, the planner's own included.
        left_out: Agents that the detector could not read.
    """

    check: str
    auc: Auc
    verdict: str
    kendall: Association
    spearman: Association
    partial: Association
    tpr: OperatingPoint
    roc: tuple[Floats, Floats]
    drops: tuple[float, float]
    raw: tuple[float, float]
    left_out: int


def drops(agents: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Drops of agents under detectors, one row a pair.

    Args:
        agents: As calibration jobs write them.

    Returns:
        The agent's fields; ``check``, the detector; ``raw`` and ``adjusted`` drop in units of
        return (adjusted: beyond the planner's own); ``drop``, the adjusted one as a share of the
        way from random to planner; ``gap``, normalised; ``eligible``; ``label``, 1 overfitted, -1
        sound, 0 neither.
    """
    rows = []
    for number, agent in enumerate(agents):
        gap = agent["train_score"] - agent["test_score"]
        span, plain = agent["best"] - agent["random"], agent["returns"]
        for name, reading in agent["checks"].items():
            returns, planner = (_number(reading[key]) for key in ("returns", "planner"))
            adjusted = float(detection.adjusted_drop(plain, returns, agent["best"], planner))
            rows.append(
                {key: agent[key] for key in FIELDS}
                | {
                    "agent": number,
                    "check": name,
                    "raw": plain - returns,
                    "adjusted": adjusted,
                    "drop": adjusted / span if span > 0 else float("nan"),
                    "gap": gap,
                }
            )
    columns = [*FIELDS, "agent", "check", "raw", "adjusted", "drop", "gap"]
    return judged(pd.DataFrame(rows, columns=columns))


def judged(agents: pd.DataFrame) -> pd.DataFrame:
    """Agents with ``eligible`` and ``label`` as in ``drops``, from ``train_score`` and ``gap``."""
    return agents.assign(
        eligible=detection.eligible(agents["train_score"].to_numpy(), ELIGIBLE),
        label=detection.labels(agents["gap"].to_numpy(), OVERFITTED, SOUND),
    )


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def scorecard(rows: pd.DataFrame, check: str, halves: Callable[[pd.DataFrame], Any]) -> Scorecard:
    """Score one detector.

    Args:
        rows: From ``drops``, of any population.
        check: The detector's name.
        halves: Returns for each agent of a table whether it is in the calibration half; agents of
            one pool must be in the same half.
    """
    agents, drop = _readable(rows, check)
    gap, label, raw = (agents[key].to_numpy() for key in ("gap", "label", "raw"))
    overfitted, sound = drop[label > 0], drop[label < 0]
    auc, word = score(rows, check)
    strata = agents[["n_levels", "flip_p", "name"]].astype(str).agg("|".join, axis=1).to_numpy()
    marked = label != 0
    return Scorecard(
        check=check,
        auc=auc,
        verdict=word,
        kendall=detection.kendall(drop, gap),
        spearman=detection.spearman(drop, gap),
        partial=detection.partial_kendall(drop, gap, strata),
        tpr=detection.tpr_at_fpr(drop[marked], label[marked] > 0, halves(agents[marked])),
        roc=detection.roc(overfitted, sound),
        drops=(_mean(overfitted), _mean(sound)),
        raw=(_mean(raw[label > 0]), _mean(raw[label < 0])),
        left_out=int(((rows["check"] == check) & rows["eligible"]).sum()) - len(agents),
    )


def score(rows: pd.DataFrame, check: str) -> tuple[Auc, detection.Word]:
    """AUC of a detector among eligible agents, and the verdict on it.

    Args:
        rows: From ``drops``, of any population.
        check: The detector's name.
    """
    agents, drop = _readable(rows, check)
    label = agents["label"].to_numpy()
    auc = detection.auc(drop[label > 0], drop[label < 0])
    return auc, detection.verdict(auc)


def _readable(rows: pd.DataFrame, check: str) -> tuple[pd.DataFrame, Floats]:
    """The eligible agents that the detector could read, and their drops, rounded."""
    mine = rows[(rows["check"] == check) & rows["eligible"] & rows["drop"].notna()]
    return mine, np.round(mine["drop"].to_numpy() / RESOLUTION) * RESOLUTION


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else float("nan")
