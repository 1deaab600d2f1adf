"""A paper's claims as statements that a study decides: one-sided tests, all together under Holm.

A claim is a list of parts, each a number with what must hold of it. It is a function from the
evidence of a study, whatever a paper calls that, and its margins to these parts.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rlgen import papers
from rlgen.analysis.convergence import Ending
from rlgen.analysis.parts import (
    REFUTED,
    SUPPORTED,
    Part,
    above,
    below,
    fact,
    joint,
    plain_part,
    upper_tail,
    within,
)
from rlgen.analysis.stats.multiplicity import holm
from rlgen.errors import ProtocolError, nearest
from rlgen.protocol.suite import Declaration

__all__ = [
    "Claim",
    "Control",
    "Decision",
    "Margins",
    "Part",
    "above",
    "below",
    "check",
    "decide",
    "declared",
    "fact",
    "joint",
    "margins_of",
    "plain_part",
    "upper_tail",
    "within",
]

ALPHA = 0.05
INCONCLUSIVE = "inconclusive"
#: Decided by the numbers, but these say that something was not reached in runs that were still on
#: the move.
NOT_YET = "not yet"
#: Values of the margins of some claims, by name.
Margins = Mapping[str, Sequence[float]]


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
        word: "supported", "refuted", "not yet" or "inconclusive".
        before: The same by the first rule, which did not ask whether training had ended.
        p: Two-sided: twice the smaller of the p-values of support and refutation; of "not yet"
            as the first rule has it.
        adjusted: The same after Holm over all claims of the study.
        parts: What it rests on, the one that decides first.
    """

    name: str
    claim: Claim
    margins: tuple[float, ...]
    word: str
    before: str
    p: float
    adjusted: float
    parts: tuple[Part, ...]

    @property
    def missing(self) -> int:
        """Parts without an interval yet."""
        return sum(part.p_supported != part.p_supported for part in self.parts)

    @property
    def waits(self) -> tuple[Ending, ...]:
        """The runs whose training must end before it is decided, if it is "not yet".

        Where one part is enough for the verdict, those of the part that decides.
        """
        if self.word != NOT_YET:
            return ()
        every = self.claim.every == (self.before == SUPPORTED)
        parts = self.parts if every else self.parts[:1]
        return tuple(dict.fromkeys(e for part in parts for e in part.waits(self.before)))


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
    Holm's method (1979) is applied over all these claims, those without data included. A part that
    says that something was not reached, of runs that had not ended, proves nothing; a claim that
    is open for this alone is "not yet".

    Args:
        claims: Of the paper.
        evidence: Of the study, as the claims' functions take it.
        margins: Declared before anything was trained.
    """
    parts = {name: claims[name].parts(evidence, values) for name, values in margins.items()}
    first = {name: joint(own, every=claims[name].every) for name, own in parts.items()}
    p = {name: _two_sided(sides) for name, sides in first.items()}
    decisions = []
    for name, values in margins.items():
        claim, own = claims[name], parts[name]
        before, p_value, adjusted = _tested(name, first[name], p)
        # The others as they are: that they wait makes this one no less sure.
        ended = joint([part.ended for part in own], every=claim.every)
        word, p_now, adjusted_now = _tested(name, ended, p)
        if word != INCONCLUSIVE:
            p_value, adjusted = p_now, adjusted_now
        elif before != INCONCLUSIVE:
            word = NOT_YET
        ordered = _sorted(own, claim, word, before)
        decisions.append(
            Decision(name, claim, tuple(values), word, before, p_value, adjusted, ordered)
        )
    return decisions


def _two_sided(sides: tuple[float, float]) -> float:
    return min(1.0, 2 * min(sides))


def _tested(
    name: str, sides: tuple[float, float], p: Mapping[str, float]
) -> tuple[str, float, float]:
    """A claim's verdict by its p-values, the smaller one, and the same after Holm's method.

    ``p`` has those of all claims. Raising that of one and judging it alone by what follows keeps
    the family-wise error: a true hypothesis that is rejected still has one of the smallest.
    """
    family = {**p, name: _two_sided(sides)}
    adjusted = dict(zip(family, holm(list(family.values())).tolist(), strict=True))[name]
    word = SUPPORTED if sides[0] < sides[1] else REFUTED
    return word if adjusted <= ALPHA else INCONCLUSIVE, family[name], adjusted


def _sorted(parts: Sequence[Part], claim: Claim, word: str, before: str) -> tuple[Part, ...]:
    """The part on which the verdict hangs first: what supports least, or refutes most.

    Of "not yet" that on which it hung ``before`` it was asked whether training had ended.
    """
    side = before if word == NOT_YET else word

    def weight(whole: Part) -> float:
        part = whole.ended if word in (SUPPORTED, REFUTED) else whole
        if part.p_supported != part.p_supported:
            return 2.0  # nothing is known of it: last
        if side == REFUTED:
            return part.p_refuted if claim.every else -part.p_refuted
        return -part.p_supported if claim.every else part.p_supported

    return tuple(sorted(parts, key=weight))
