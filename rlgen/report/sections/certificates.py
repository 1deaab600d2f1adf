"""What can be promised of each stored policy on new levels, and where that is refused."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from rlgen.analysis.results import Results
from rlgen.analysis.stats.certificates import NAN, Certificate, betting, clopper_pearson
from rlgen.analysis.stats.tables import CELL
from rlgen.analysis.verdicts import percent_down, rounded_down
from rlgen.store.run_store import SELECTION

CONFIDENCE = 0.95


def certificates(study: Results) -> list[dict[str, Any]]:
    """A certificate for each run under the main condition (method 2.10).

    Each rests on the test levels, and holds only if no choice between policies has read them:
    where the access log has one, ``refused`` says so and there are no bounds.

    Returns:
        By run: its keys; ``checkpoint``, environment steps; ``levels``; ``exact``: whether returns
        were computed and not sampled; under ``return`` and ``solved`` the ``mean``, the lower
        bound ``lower``, its ``method``, and the ``reason`` if there is none; the ``sentence``. Of
        results from elsewhere no policy is stored, and nothing is certified.
    """
    if study.imported:
        return []
    rows = study.main_records[study.main_records["split"] == "test"]
    facts = {entry["id"]: entry.get("facts") or {} for entry in study.plan}
    order = [*CELL, "seed", "run_id"]
    spoiled = _spoiled(study)
    return [
        _certificate(run, facts.get(str(run["run_id"]), {}), spoiled.get(str(run["family"]), ""))
        for run in rows.sort_values(order).to_dict("records")
    ]


def _spoiled(study: Results) -> dict[str, str]:
    """By family the first choice that has read its test levels.

    Test levels of a family depend on nothing but their number, so that a choice between some runs
    has read the levels of all.
    """
    families = study.folded.drop_duplicates("manifest").set_index("manifest")["family"]
    told: dict[str, str] = {}
    for entry in study.accesses:
        if entry["purpose"] != SELECTION or entry["pool"] != "test":
            continue
        # Runs whose split nobody knows any more: may have been of any family.
        known = entry["manifest"] in families.index
        read = [families[entry["manifest"]]] if known else set(study.folded["family"])
        for family in read:
            why = f"refused: test levels were read by a selection on {entry['date']}"
            told.setdefault(str(family), why)
    return told


def _certificate(run: Mapping[Any, Any], facts: Mapping[str, Any], refused: str) -> dict[str, Any]:
    returns, solved = run["ret_mean"], run["p_solved"]
    if refused:
        least = share = Certificate(NAN, "", len(returns), CONFIDENCE, reason=refused)
    else:
        least, share = _least(returns, facts), solves(solved)
    return {
        **{key: run[key] for key in CELL},
        "run": str(run["run_id"]),
        "seed": int(run["seed"]),
        "checkpoint": int(run["checkpoint"]),
        "condition": str(run["condition"]),
        "levels": len(returns),
        "exact": bool(run["exact"]),
        "confidence": CONFIDENCE,
        "return": _plain(returns, least),
        "solved": _plain(solved, share),
        "refused": refused,
        "sentence": sentence(least, share),
    }


def _least(returns: Any, facts: Mapping[str, Any]) -> Certificate:
    if "bounds" not in facts:
        reason = "the lowest and highest possible return are not known"
        return Certificate(NAN, "betting", len(returns), CONFIDENCE, reason=reason)
    # One bound, chosen beforehand: the best of several would not hold with this confidence.
    low, high = facts["bounds"]["test"]
    return betting(returns, low, high, CONFIDENCE)


def solves(probabilities: Any) -> Certificate:
    """Lower bound on the share of the levels that a policy solves.

    Args:
        probabilities: ``(L,)``, that it solves each level. Where all are 0 or 1, as those of a
            deterministic policy are, Clopper and Pearson's bound; a mean of other numbers is not
            binomial and gets the betting bound.
    """
    values = np.asarray(probabilities, float)
    if len(values) and np.isin(values, (0, 1)).all():
        return clopper_pearson(float(values.sum()), len(values), CONFIDENCE)
    return betting(values, 0.0, 1.0, CONFIDENCE)


def _plain(values: Any, told: Certificate) -> dict[str, Any]:
    mean = float(values.mean())
    return {"mean": mean, "lower": told.lower, "method": told.method, "reason": told.reason}


def sentence(least: Certificate, share: Certificate) -> str:
    """The certificate in words."""
    if least.reason:
        return f"No certificate: {least.reason}."
    told = (
        f"With {100 * CONFIDENCE:.0f} % confidence the frozen policy's mean return over the "
        f"level distribution is at least {rounded_down(least.lower)}"
    )
    if share.reason:
        return f"{told}."
    return f"{told}, and it solves at least {percent_down(share.lower)} of the levels."
