"""The claims of a study's paper for its report and summary: verdicts and their numbers."""

from collections.abc import Mapping
from typing import Any

from rlgen.analysis import convergence
from rlgen.analysis.claims import ALPHA, Control, Decision, decide, declared, plain_part
from rlgen.analysis.results import Results
from rlgen.analysis.verdicts import number
from rlgen.util.words import counted


def claims(results: Results) -> dict[str, Any] | None:
    """What the report says of the claims; None where the study declares none.

    ``decisions`` has one entry a claim: ``name``, ``answer`` (verdict and number in one line),
    ``sentence``, ``source``, ``item`` (the section of the page in which it can be seen),
    ``verdict``, ``before``, the verdict by the first rule (``convergence.VERSION``), ``waits``, the
    runs whose training must end before it is decided (``convergence.Ending.plain``), ``p`` and
    ``adjusted``, ``margins`` as pairs of meaning and value, and ``parts``: ``what``, ``asked``,
    ``mean``, ``low``, ``high``, ``reason``. ``rule`` has the rule's ``version``, the day ``since``
    which it is in force, its ``text``, and the claims that it ``changed``. ``controls``, where the
    paper has some, are entries of the same form with ``expected`` and ``as_expected``, decided
    among themselves. Papers add keys of their own.
    """
    paper, margins = results.paper, results.margins
    if paper is None or not margins:
        return None
    evidence, controls = paper.evidence(results), paper.controls()
    decisions = decide(paper.claims(), evidence, margins)
    return {
        "alpha": ALPHA,
        "rule": {
            "version": convergence.VERSION,
            "since": convergence.SINCE,
            "text": convergence.RULE,
            "changed": [one.name for one in decisions if one.word != one.before],
        },
        "declared": dict(results.claims_declared),
        "decisions": [_decision(one) for one in decisions],
        **({"controls": _controls(controls, evidence)} if controls else {}),
        **paper.details(results, margins),
    }


def _controls(controls: Mapping[str, Control], evidence: Any) -> list[dict[str, Any]]:
    """Each control's verdict, and whether it is the expected one."""
    members = {name: control.claim for name, control in controls.items()}
    return [
        _decision(one)
        | {
            "expected": controls[one.name].expected,
            "as_expected": _as_expected(one, controls[one.name]),
        }
        for one in decide(members, evidence, declared(members))
    ]


def _as_expected(one: Decision, control: Control) -> bool | None:
    """Whether it came out as it must; None where its experiments have not been run."""
    return None if one.missing else one.word == control.expected


def _decision(one: Decision) -> dict[str, Any]:
    return {
        "name": one.name,
        "answer": _answer(one),
        "sentence": one.claim.sentence,
        "source": one.claim.source,
        "item": one.claim.section,
        "verdict": one.word,
        "before": one.before,
        "waits": [ending.plain for ending in one.waits],
        "p": one.p,
        "adjusted": one.adjusted,
        "margins": [list(pair) for pair in zip(one.claim.margins, one.margins, strict=True)],
        "missing": one.missing,
        "parts": [plain_part(part) for part in one.parts],
    }


def _answer(one: Decision) -> str:
    """The verdict and the number on which it hangs, as the command line has it."""
    verdict = f"{one.name} {one.word}: {one.claim.sentence}"
    if not one.parts:
        return f"{verdict} (not part of this study)"
    part = one.parts[0]
    mean, low, high = map(number, part.estimate.shown.values())
    interval = f" [{low}, {high}]" if part.estimate.low == part.estimate.low else ""
    why = f"; {part.estimate.reason}" if part.estimate.reason else ""
    n = len(one.parts)
    parts = f"{counted(n, 'part')} {'has' if n == 1 else 'have'}"
    left = f"; {one.missing} of {parts} no interval yet" if one.missing else ""
    if one.waits:
        others = len(one.waits) - 1
        left += f"; training on {one.waits[0].what} {one.waits[0].text}"
        left += f", nor on {counted(others, 'other')}" if others else ""
    return f"{verdict} ({part.what}: {mean}{interval}, asked: {part.requirement}{why}{left})"
