"""Certificates: lower bounds for each stored policy on new levels, or why there are none."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from rlgen.analysis import unseen
from rlgen.analysis.results import Results
from rlgen.analysis.stats.certificates import NAN, Certificate, betting, clopper_pearson
from rlgen.analysis.stats.tables import CELL
from rlgen.analysis.verdicts import largest, percent_down, rounded_down
from rlgen.store.accesses import SELECTION

CONFIDENCE = 0.95


def certificates(results: Results) -> list[dict[str, Any]]:
    """A certificate for each run under the main condition (method 2.10).

    Each rests on the test levels, and is valid only if no selection among policies has read them:
    where the access log has one, ``refused`` says so and there are no bounds.

    Returns:
        By run: its keys; ``checkpoint``, environment steps; ``levels``; ``exact``: whether returns
        were computed rather than sampled; under ``return`` and ``solved`` the ``mean``, the lower
        bound ``lower``, its ``method``, and the ``reason`` if there is none; the ``sentence``. An
        import stores no policies, and certifies nothing.
    """
    if results.imported:
        return []
    rows = results.main_records[results.main_records["split"] == "test"]
    facts = {entry["id"]: entry.get("facts") or {} for entry in results.plan}
    order = [*CELL, "seed", "run_id"]
    spoiled = _spoiled(results)
    unit = unseen.unit(results)
    return [
        _certificate(
            run, facts.get(str(run["run_id"]), {}), spoiled.get(str(run["family"]), ""), unit
        )
        for run in rows.sort_values(order).to_dict("records")
    ]


def _spoiled(results: Results) -> dict[str, str]:
    """By family, the first selection that has read its test levels.

    Test levels of a family depend only on their number, so a selection among some runs has read
    the levels of all.
    """
    families = results.folded.drop_duplicates("manifest").set_index("manifest")["family"]
    refusals: dict[str, str] = {}
    for entry in results.accesses:
        if entry["purpose"] != SELECTION or entry["pool"] != "test":
            continue
        # A split that is no longer in the study may have been of any family.
        in_study = entry["manifest"] in families.index
        read = [families[entry["manifest"]]] if in_study else set(results.folded["family"])
        for family in read:
            why = f"refused: test levels were read by a selection on {entry['date']}"
            refusals.setdefault(str(family), why)
    return refusals


def _certificate(
    run: Mapping[Any, Any], facts: Mapping[str, Any], refused: str, unit: str
) -> dict[str, Any]:
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
        "sentence": sentence(least, share, unit, float(np.abs(returns).max())),
    }


def _least(returns: Any, facts: Mapping[str, Any]) -> Certificate:
    if "bounds" not in facts:
        reason = "the lowest and highest possible return are not known"
        return Certificate(NAN, "betting", len(returns), CONFIDENCE, reason=reason)
    # One bound, chosen in advance: the best of several would not hold with this confidence.
    low, high = facts["bounds"]["test"]
    return betting(returns, low, high, CONFIDENCE)


def solves(probabilities: Any) -> Certificate:
    """A lower bound on the share of levels that a policy solves.

    Args:
        probabilities: ``(L,)``, of solving each level. If all are 0 or 1, as those of a
            deterministic policy, Clopper and Pearson's bound is used; a mean of other numbers
            is not binomial, and the betting bound is used.
    """
    values = np.asarray(probabilities, float)
    if len(values) and ((values == 0) | (values == 1)).all():
        return clopper_pearson(float(values.sum()), len(values), CONFIDENCE)
    return betting(values, 0.0, 1.0, CONFIDENCE)


def _plain(values: Any, certificate: Certificate) -> dict[str, Any]:
    mean = float(values.mean())
    return {
        "mean": mean,
        "lower": certificate.lower,
        "method": certificate.method,
        "reason": certificate.reason,
    }


def sentence(least: Certificate, share: Certificate, unit: str = "level", size: float = 1.0) -> str:
    """The certificate as a sentence.

    Args:
        least: Bound on the mean return.
        share: Bound on the share of solved levels.
        unit: What was drawn, a level or a whole group.
        size: The largest magnitude of a return.
    """
    if least.reason:
        return f"No certificate: {least.reason}."
    text = (
        f"With {100 * CONFIDENCE:.0f} % confidence the frozen policy's mean return over the "
        f"{unit} distribution is at least "
        f"{rounded_down(least.lower, largest(size, least.lower))}"
    )
    if share.reason:
        return f"{text}."
    levels = "levels" if unit == "level" else f"levels of a {unit}, in the mean over {unit}s"
    return f"{text}, and it solves at least {percent_down(share.lower)} of the {levels}."
