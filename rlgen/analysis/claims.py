"""A paper's claims as statements that a study decides: one-sided tests, all together under Holm.

A claim is a list of parts, each a number with what must hold of it. It is a function from the
evidence of a study, whatever a paper calls that, and its margins to these parts.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from rlgen import papers
from rlgen.analysis.stats.equivalence import tost
from rlgen.analysis.stats.intervals import Estimate
from rlgen.analysis.stats.multiplicity import holm
from rlgen.errors import ProtocolError, nearest
from rlgen.protocol.suite import Declaration

NAN = float("nan")
ALPHA = 0.05
SUPPORTED, REFUTED, INCONCLUSIVE = "supported", "refuted", "inconclusive"
#: Values of the margins of some claims, by name.
Margins = Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class Part:
    """One number and what must hold of it.

    Attributes:
        what: What it is.
        estimate: The number.
        requirement: What must hold, in words.
        p_supported: One-sided p-value of the hypothesis that it is not so; nan without runs.
        p_refuted: The same of the hypothesis that it is so.
    """

    what: str
    estimate: Estimate
    requirement: str
    p_supported: float
    p_refuted: float


@dataclass(frozen=True)
class Claim:
    """A claim of a paper.

    Attributes:
        sentence: What the paper says, in our words.
        source: Where it says so.
        section: The section of the paper's page in which it can be seen.
        margins: The declared value of each margin, by what it means.
        parts: From the evidence and the values of the margins to the claim's parts.
        every: Whether all parts must hold; else one is enough.
    """

    sentence: str
    source: str
    section: str
    margins: Mapping[str, float]
    parts: Callable[[Any, Sequence[float]], list[Part]]
    every: bool = True


@dataclass(frozen=True)
class Control:
    """A case whose truth is known: where it comes out otherwise, its claims are not to be believed.

    Attributes:
        claim: What is said of it.
        expected: "supported" where it is true, "refuted" where it is false.
    """

    claim: Claim
    expected: str


@dataclass(frozen=True)
class Decision:
    """A claim decided, or not.

    Attributes:
        name: Of the claim.
        claim: What it says.
        margins: Values by which it was judged.
        word: "supported", "refuted" or "inconclusive".
        p: Two-sided: twice the smaller of the p-values of support and refutation.
        adjusted: The same after Holm over all claims of the study.
        parts: What it rests on, the one that decides first.
    """

    name: str
    claim: Claim
    margins: tuple[float, ...]
    word: str
    p: float
    adjusted: float
    parts: tuple[Part, ...]

    @property
    def missing(self) -> int:
        """Parts without an interval yet."""
        return sum(part.p_supported != part.p_supported for part in self.parts)


def declared(claims: Mapping[str, Claim]) -> dict[str, list[float]]:
    """The margins that claims declare, as plain values."""
    return {name: [float(v) for v in claim.margins.values()] for name, claim in claims.items()}


def margins_of(study: Declaration) -> dict[str, list[float]]:
    """The margins of the claims that a study decides: all that its paper makes.

    A file of the first form decides those that it declares, if any.

    Raises:
        ProtocolError: For a file of the first form that declares them otherwise than it can.
    """
    name = study.whole.paper
    claims = papers.catalogue()[name].claims() if name else {}
    if study.legacy is None:
        return declared(claims)
    check(claims, study.legacy.claims, study.parts[0][1])
    return study.legacy.margins


def check(claims: Mapping[str, Claim], margins: Margins, where: str) -> None:
    """Refuse margins of claims that do not exist, or of another number than these have.

    Raises:
        ProtocolError: Saying which.
    """
    for name, values in margins.items():
        if name not in claims:
            raise ProtocolError(
                f"{where}: claims = {name!r}: unknown claim {name!r}{nearest(name, claims)}"
            )
        meanings = claims[name].margins
        if len(values) != len(meanings):
            raise ProtocolError(
                f"{where}: claims.{name} = {list(values)}: must be {len(meanings)} "
                f"({'; '.join(meanings)})"
            )


def decide(claims: Mapping[str, Claim], evidence: Any, margins: Margins) -> list[Decision]:
    """The verdict on each claim that has margins.

    A claim is tested twice, for support and for refutation; the smaller p-value is doubled and
    Holm's method (1979) is applied over all these claims, those without data included.

    Args:
        claims: Of the paper.
        evidence: Of the study, as the claims' functions take it.
        margins: Declared before anything was trained.
    """
    parts = {name: claims[name].parts(evidence, values) for name, values in margins.items()}
    sides = {name: joint(parts[name], every=claims[name].every) for name in margins}
    p = {name: min(1.0, 2 * min(both)) for name, both in sides.items()}
    adjusted = dict(zip(p, holm(list(p.values())).tolist(), strict=True))
    decisions = []
    for name, values in margins.items():
        supported, refuted = sides[name]
        word = INCONCLUSIVE
        if adjusted[name] <= ALPHA:
            word = SUPPORTED if supported < refuted else REFUTED
        ordered = _sorted(parts[name], claims[name], word)
        decisions.append(
            Decision(name, claims[name], tuple(values), word, p[name], adjusted[name], ordered)
        )
    return decisions


def _sorted(parts: Sequence[Part], claim: Claim, word: str) -> tuple[Part, ...]:
    """The part on which the verdict hangs first: what supports least, or refutes most."""

    def weight(part: Part) -> float:
        if part.p_supported != part.p_supported:
            return 2.0  # nothing is known of it: last
        if word == REFUTED:
            return part.p_refuted if claim.every else -part.p_refuted
        return -part.p_supported if claim.every else part.p_supported

    return tuple(sorted(parts, key=weight))


def above(what: str, estimate: Estimate, margin: float) -> Part:
    """The number is larger than the margin."""
    p = upper_tail(estimate, margin)
    return Part(what, estimate, f"above {margin:g}", p, 1 - p)


def below(what: str, estimate: Estimate, margin: float) -> Part:
    """The number is smaller than the margin."""
    p = upper_tail(estimate, margin)
    return Part(what, estimate, f"below {margin:g}", 1 - p, p)


def within(what: str, estimate: Estimate, margin: float, centre: float = 0.0) -> Part:
    """The number is nearer to the centre than the margin: two one-sided tests (Schuirmann 1987)."""
    se = np.sqrt(estimate.variance) if estimate.variance > 0 else NAN
    test = tost(estimate.mean - centre, se, margin, estimate.df)
    zone = f"from {centre - margin:g} to {centre + margin:g}"
    # Either side may be the one that is left: Bonferroni.
    outside = 2 * (1 - max(test.p_lower, test.p_upper)) if test.p == test.p else NAN
    return Part(what, estimate, zone, test.p, min(1.0, outside) if outside == outside else NAN)


def fact(what: str, holds: Sequence[bool], requirement: str) -> Part:
    """A statement that is checked in each case exactly, without sampling error.

    Supported if it holds in all cases, of which there is at least one; refuted if it fails in one.

    Args:
        what: What it is about.
        holds: Whether it does, case by case.
        requirement: What must hold, in words.
    """
    share = Estimate(float(np.mean(holds)) if len(holds) else NAN, reason="exact, case by case")
    if not len(holds):
        return Part(what, Estimate(NAN, reason="no runs"), requirement, NAN, NAN)
    true = all(holds)
    cases = f"{what}: share of {len(holds)} cases in which it holds"
    return Part(cases, share, requirement, 0.0 if true else 1.0, 1.0 if true else 0.0)


def upper_tail(estimate: Estimate, margin: float) -> float:
    """One-sided p-value of "not above the margin", from the estimate's t distribution.

    A number without an interval proves nothing: nan.
    """
    if not estimate.variance > 0:
        return NAN
    t = (estimate.mean - margin) / np.sqrt(estimate.variance)
    return float(special.stdtr(estimate.df, -t))


def joint(parts: Sequence[Part], *, every: bool) -> tuple[float, float]:
    """P-values of a claim being supported and refuted, from those of its parts.

    Where all must hold, support is an intersection-union test (Berger 1982), whose p-value is the
    largest, and one part that fails refutes, by Bonferroni over all of them; where one is enough
    the two change places. A part without a p-value stays open: it can be neither.
    """
    supported = [p if p == p else 1.0 for p in (part.p_supported for part in parts)]
    refuted = [p if p == p else 1.0 for p in (part.p_refuted for part in parts)]
    if not parts:
        return 1.0, 1.0
    if every:
        return max(supported), min(1.0, len(parts) * min(refuted))
    return min(1.0, len(parts) * min(supported)), max(refuted)


def plain_part(part: Part) -> dict[str, Any]:
    """A part as summaries have it."""
    estimate = part.estimate
    return {
        "what": part.what,
        "asked": part.requirement,
        **estimate.shown,
        "reason": estimate.reason,
    }
