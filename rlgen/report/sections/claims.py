"""The claims of a study for its report and summary: verdicts, numbers, strata, other readings."""

from typing import Any

from rlgen.analysis.results import Results
from rlgen.analysis.verdicts import number
from rlgen.claims.base import Part
from rlgen.claims.detection import strata
from rlgen.claims.evidence import Evidence
from rlgen.claims.judging import ALPHA, Decision, decide
from rlgen.claims.readings import changes
from rlgen.protocol.schema import Protocol


def claims(study: Results) -> dict[str, Any] | None:
    """What the report says of the claims; None where the protocol declares none.

    ``decisions`` has one entry a claim: ``name``, ``answer`` (verdict and number in one line),
    ``sentence``, ``source``, ``item`` (the figure in which it is seen), ``verdict``, ``p`` and
    ``adjusted``, ``margins`` as pairs of meaning and value, and ``parts``: ``what``, ``asked``,
    ``mean``, ``low``, ``high``, ``reason``. ``strata`` has the checks' AUC for cloned and trained
    agents, ``readings`` the verdicts under other readings of the paper beside those of the default
    on the same settings.
    """
    told = study.protocol
    if not isinstance(told, Protocol) or not told.claims:
        return None
    evidence = Evidence(study)
    return {
        "alpha": ALPHA,
        "declared": dict(study.claims_declared),
        "decisions": [_decision(one) for one in decide(evidence, told.claims)],
        "strata": [
            {
                "agents": one.agents,
                "stratum": one.name,
                "check": one.check,
                "auc": {"mean": one.auc.value, "low": one.auc.low, "high": one.auc.high},
                "overfitted": one.auc.n_positive,
                "sound": one.auc.n_negative,
                "left_out": one.left_out,
                "reason": one.auc.reason,
            }
            for one in strata(evidence)
        ],
        "readings": [
            {
                "reading": one.reading,
                "what": one.what,
                "claim": one.default.name,
                "default": _short(one.default),
                "other": _short(one.other),
            }
            for one in changes(study, told.claims)
        ],
    }


def _decision(one: Decision) -> dict[str, Any]:
    return {
        "name": one.name,
        "answer": _answer(one),
        "sentence": one.claim.sentence,
        "source": one.claim.source,
        "item": one.claim.item,
        "verdict": one.word,
        "p": one.p,
        "adjusted": one.adjusted,
        "margins": [list(pair) for pair in zip(one.claim.margins, one.margins, strict=True)],
        "missing": one.missing,
        "parts": [_part(part) for part in one.parts],
    }


def _answer(one: Decision) -> str:
    """The verdict and the number on which it hangs, as the command line has it."""
    told = f"{one.name} {one.word}: {one.claim.sentence}"
    if not one.parts:
        return f"{told} (not part of this study)"
    part = one.parts[0]
    mean, low, high = map(number, part.estimate.shown.values())
    why = f"; {part.estimate.reason}" if part.estimate.reason else ""
    left = f"; {one.missing} of {len(one.parts)} parts have no interval yet" if one.missing else ""
    return f"{told} ({part.what}: {mean} [{low}, {high}], asked: {part.asked}{why}{left})"


def _part(part: Part) -> dict[str, Any]:
    told = part.estimate
    return {
        "what": part.what,
        "asked": part.asked,
        **told.shown,
        "reason": told.reason,
    }


def _short(one: Decision) -> dict[str, Any]:
    """The verdict and the number on which it hangs."""
    return {"verdict": one.word, "part": _part(one.parts[0]) if one.parts else None}
